import { LanguageSupport, LRLanguage } from "@codemirror/language";
import { parser } from "@grafana/lezer-logql";
import { styleTags, tags } from "@lezer/highlight";

const highlighted = parser.configure({
  props: [
    styleTags({
      LineComment: tags.comment,
      Identifier: tags.propertyName,
      String: tags.string,
      "Number Duration Bytes": tags.number,
      "Eq Neq Re Nre Eql Gtr Gte Lss Lte PipeExact PipeMatch PipePattern Npa Pipe And Or Unless":
        tags.operator,
      "Json Logfmt Unpack Pattern Regexp Unwrap LabelFormat LineFormat Decolorize Drop Keep Ip ParserFlag By Without Offset On Ignoring GroupLeft GroupRight Bool":
        tags.keyword,
      "RangeOp/... VectorOp/... LabelReplace Vector": tags.keyword,
    }),
  ],
});

/** LogQL, by Grafana's grammar. */
export const logqlLanguage = new LanguageSupport(
  LRLanguage.define({
    parser: highlighted,
    languageData: { closeBrackets: { brackets: ["{", "(", '"', "`"] }, commentTokens: { line: "#" } },
  }),
);
