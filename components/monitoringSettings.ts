/** The monitoring system that scrapes the metrics of the instances. */
export interface MonitoringSettings {
  /** Namespace of Prometheus. The network policy admits only its pods to the metrics port. */
  namespace: string;
  /**
   * Whether each instance gets a ServiceMonitor of the Prometheus Operator. The cluster must have
   * its CRD. Default: false.
   */
  serviceMonitor?: boolean;
}
