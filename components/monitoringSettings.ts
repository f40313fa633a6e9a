/** Who reads the metrics of the instances. */
export interface MonitoringSettings {
  /** Namespace of the Prometheus: its pods alone reach the metrics' port. */
  namespace: string;
  /**
   * Whether each instance gets a ServiceMonitor of the Prometheus Operator, whose definition the
   * cluster has to know. Default: false.
   */
  serviceMonitor?: boolean;
}
