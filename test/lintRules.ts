// Rules of the linter that only this project has.

interface Reports {
  report(problem: { node: unknown; message: string }): void;
}

const day = /(?<!\d)20(2[6-9]|[3-9]\d)-\d\d-\d\d(?!T)/;

/** A test that names a day passes until that day. */
const noFixedDay = {
  create(context: Reports) {
    const check = (node: unknown, text: unknown): void => {
      if (typeof text === "string" && day.test(text))
        context.report({
          node,
          message: "A day in a test is over one day: dayIn of test/support/dates.ts.",
        });
    };
    return {
      Literal: (node: { value: unknown }) => check(node, node.value),
      TemplateElement: (node: { value: { raw: string } }) => check(node, node.value.raw),
    };
  },
};

export default { meta: { name: "tests" }, rules: { "no-fixed-day": noFixedDay } };
