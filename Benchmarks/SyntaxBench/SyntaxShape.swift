import DockerfileSyntax

/// A long text of one kind, to be parsed and checked.
struct SyntaxShape: Sendable {
  var name: String
  /// The text with a number of lines (or entries, or levels).
  var text: @Sendable (Int) -> String

  static let all: [SyntaxShape] = [
    SyntaxShape(name: "mixed instructions") { "FROM alpine AS base\n" + lines($0, mixed) },
    SyntaxShape(name: "stages") { lines($0) { "FROM \($0 == 0 ? "alpine" : "s\($0 - 1)") AS s\($0)\n" } },
    SyntaxShape(name: "stages of one name") { lines($0) { _ in "FROM alpine AS Same\n" } },
    SyntaxShape(name: "comments") { lines($0) { "# comment number \($0)\n" } + "FROM alpine\n" },
    SyntaxShape(name: "empty lines") { lines($0) { _ in " \t\n" } + "FROM alpine\n" },
    SyntaxShape(name: "continued RUN") {
      "FROM alpine\nRUN true \\\n" + lines($0) { " && echo \($0) \\\n" } + " && true\n"
    },
    SyntaxShape(name: "continued RUN with comments") {
      "FROM alpine\nRUN true \\\n" + lines($0) { "# \($0)\n && echo \\\n\n" } + " && true\n"
    },
    SyntaxShape(name: "continued COPY") { "FROM alpine\nCOPY \\\n" + lines($0) { "  file\($0) \\\n" } + "  /x/\n" },
    SyntaxShape(name: "here-document") { "FROM alpine\nRUN <<EOF\n" + lines($0) { "echo \($0) $x\n" } + "EOF\n" },
    SyntaxShape(name: "here-document of COPY") {
      "FROM alpine\nARG x\nCOPY <<-EOF /x\n" + lines($0) { "\t\techo \($0) $x\n" } + "EOF\n"
    },
    SyntaxShape(name: "here-documents, small") { "FROM alpine\n" + lines($0 / 3) { "RUN <<E\necho \($0)\nE\n" } },
    SyntaxShape(name: "here-documents of one RUN") { count in
      "FROM alpine\nRUN cat" + lines(count) { " <<E\($0)" } + "\n" + lines(count) { "E\($0)\n" }
    },
    SyntaxShape(name: "here-documents of one COPY") { count in
      "FROM alpine\nCOPY" + lines(count) { " <<E\($0)" } + " /x/\n" + lines(count) { "$x\nE\($0)\n" }
    },
    SyntaxShape(name: "unterminated here-documents") { "FROM alpine\n" + lines($0) { "RUN <<E\($0)\n" } },
    SyntaxShape(name: "unknown, with here-documents") { "FROM alpine\n" + lines($0) { "RUNN <<E\($0)\n" } },
    SyntaxShape(name: "ENV entries") { "FROM alpine\nENV" + lines($0) { " \\\n  V\($0)=$V\($0 / 2)" } + "\n" },
    SyntaxShape(name: "LABEL entries") { "FROM alpine\nLABEL" + lines($0) { " \\\n  \"l\($0)\"='v'" } + "\n" },
    SyntaxShape(name: "ARG entries") { "ARG" + lines($0) { " A\($0)=${A\($0 / 2):-x}" } + "\nFROM alpine\n" },
    SyntaxShape(name: "ARG lines") { "FROM alpine\n" + lines($0) { "ARG A\($0)=$A\($0 - 1)\n" } },
    SyntaxShape(name: "ENV lines that grow") {
      "FROM alpine\n" + lines($0) { "ENV V\($0)=$V\($0 - 1):x\(String(repeating: "0", count: $0 % 7))\n" }
    },
    SyntaxShape(name: "JSON entries") { "FROM alpine\nCMD [" + lines($0) { "\"a\($0)\", " } + "\"z\"]\n" },
    SyntaxShape(name: "JSON levels") { "FROM alpine\nCMD " + String(repeating: "[", count: $0) + "\n" },
    SyntaxShape(name: "almost JSON") { "FROM alpine\n" + lines($0) { _ in "CMD ['a', 'b']\n" } },
    SyntaxShape(name: "mounts of one RUN") {
      "FROM alpine\nRUN" + lines($0) { " --mount=type=cache,target=/c\($0)" } + " true\n"
    },
    SyntaxShape(name: "options of one mount") {
      "FROM alpine\nRUN --mount=type=bind" + lines($0) { ",target=/c\($0)" } + " true\n"
    },
    SyntaxShape(name: "unknown mount options") {
      "FROM alpine\nRUN --mount=type=bind" + lines($0) { ",targte\($0)=x" } + " true\n"
    },
    SyntaxShape(name: "unknown instructions") { "FROM alpine\n" + lines($0) { "RNU\($0 % 10) echo \($0)\n" } },
    SyntaxShape(name: "unknown instructions, all different") { "FROM alpine\n" + lines($0) { "WROKDIR\($0) /x\n" } },
    SyntaxShape(name: "unknown flags") { "FROM alpine\n" + lines($0) { "COPY --form\($0)=a b c\n" } },
    SyntaxShape(name: "flags given twice") { "FROM alpine\nCOPY" + lines($0) { _ in " --from=a" } + " b c\n" },
    SyntaxShape(name: "missing arguments") { "FROM alpine\n" + lines($0) { $0 % 2 == 0 ? "COPY a\n" : "WORKDIR\n" } },
    SyntaxShape(name: "NUL characters") { "FROM alpine\n" + lines($0) { _ in "RUN \0\n" } },
    SyntaxShape(name: "instructions before FROM") { lines($0) { "RUN echo \($0)\n" } },
    SyntaxShape(name: "duplicate directives") { lines($0) { _ in "# syntax=a\n" } + "FROM alpine\n" },
    SyntaxShape(name: "nested substitutions") {
      "FROM alpine\nENV A=" + String(repeating: "${a:-", count: $0) + String(repeating: "}", count: $0) + "\n"
    },
    SyntaxShape(name: "nested patterns") {
      "FROM alpine\nENV A=" + String(repeating: "${PATH#", count: $0) + String(repeating: "}", count: $0) + "\n"
    },
    SyntaxShape(name: "quotes") { "FROM alpine\nENV A=" + String(repeating: "\"'\"'\"'", count: $0 / 2) + "\n" },
    SyntaxShape(name: "unset variables") { "FROM scratch\n" + lines($0) { "ENV A=$UNSET\($0)\n" } },
    SyntaxShape(name: "unset variables of one word") { "FROM scratch\nENV A=" + lines($0) { "$U\($0)" } + "\n" },
    SyntaxShape(name: "triggers of triggers") {
      "FROM alpine\n" + String(repeating: "ONBUILD ", count: $0) + "RUN <<E\n"
    },
    SyntaxShape(name: "stages that inherit") {
      lines($0 / 2) { "FROM \($0 == 0 ? "scratch" : "s\($0 - 1)") AS s\($0)\nENV V\($0)=$V\($0 / 2)\n" }
    },
    SyntaxShape(name: "stages with two heirs") {
      lines($0 / 4) { "FROM \($0 == 0 ? "scratch" : "s\($0 - 1)") AS s\($0)\nENV V\($0)=1\nFROM s\($0)\nENV W=$V0\n" }
    },
    SyntaxShape(name: "variables that double") { "FROM scratch\nENV A=xx\n" + lines($0) { _ in "ENV A=$A$A\n" } },
    SyntaxShape(name: "references to one variable") {
      "FROM scratch\nENV A=\(String(repeating: "x", count: 4000))\nENV B=" + lines($0) { _ in "$A" } + "\n"
    },
    SyntaxShape(name: "trigger chain") {
      "FROM alpine AS s0\n" + lines($0) { "ONBUILD RUN echo \($0)\n" } + "FROM s0\n"
    },
    SyntaxShape(name: "triggers of many stages") { count in
      "FROM alpine AS s\n" + lines(300) { "ONBUILD ENV A\($0)=$B\n" } + lines(count / 10) { _ in "FROM s\n" }
    },
    SyntaxShape(name: "checks above instructions") {
      "FROM alpine\n" + lines($0 / 2) { _ in "# check=skip=JSONArgsRecommended\nCMD a\n" }
    },
    SyntaxShape(name: "secrets") { "FROM alpine\n" + lines($0) { "ENV TOKEN_\($0)=1\n" } },
    SyntaxShape(name: "legacy pairs") { "FROM alpine\n" + lines($0) { "env A\($0) b c\n" } },
    SyntaxShape(name: "ports") { "FROM alpine\nEXPOSE" + lines($0) { " \($0 % 60000 + 1)/TCP" } + "\n" },
  ]

  private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
    var text = ""
    for number in 0..<count { text += line(number) }
    return text
  }

  private static func mixed(_ number: Int) -> String {
    switch number % 12 {
    case 0: "RUN --mount=type=cache,target=/var/cache apk add --no-cache package\(number)\n"
    case 1: "COPY --chown=1000:1000 source\(number)/ ./destination\(number)/\n"
    case 2: "ENV NAME\(number)=value PATH=/opt/\(number):$PATH\n"
    case 3: "LABEL org.example.number=\"\(number)\"\n"
    case 4: "WORKDIR /srv/\(number)\n"
    case 5: "ARG VERSION\(number)=1.\(number)\n"
    case 6: "# a comment about what follows\n"
    case 7: "EXPOSE \(number % 60000 + 1)\n"
    case 8: "USER app\n"
    case 9: "VOLUME [\"/data/\(number)\"]\n"
    case 10: "CMD [\"serve\", \"--port\", \"\(number)\"]\n"
    default: number % 1200 == 11 ? "FROM base AS stage\(number)\n" : "RUN echo \(number) && \\\n  true\n"
    }
  }
}
