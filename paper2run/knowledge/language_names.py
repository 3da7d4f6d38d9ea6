"""What people call languages, and the tool that each of the rarer ones is written for."""

import re
from typing import Final

NAMES: Final[dict[str, str]] = {
    "Python": "python", "python": "python", "PyTorch": "python", "Cython": "python", "Jupyter": "python", "R": "r",
    "Rcpp": "r", "Shiny": "r", "C": "c", "C99": "c", "C\\+\\+": "c++", "C\\+\\+(?:11|14|17|20)": "c++",
    "c\\+\\+": "c++", "CUDA": "cuda", "Fortran": "fortran", "FORTRAN": "fortran", "fortran": "fortran",
    "Julia": "julia", "julia": "julia", "Java": "java", "java": "java", "JavaScript": "javascript",
    "Javascript": "javascript", "javascript": "javascript", "TypeScript": "javascript", "Node\\.js": "javascript",
    "p5\\.js": "javascript", "HTML5": "javascript", "MATLAB": "matlab", "Matlab": "matlab", "matlab": "matlab",
    "Simulink": "matlab", "Octave": "octave", "octave": "octave", "Go": "go", "Golang": "go", "golang": "go",
    "Rust": "rust", "rust": "rust", "Perl": "perl", "perl": "perl", "Ruby": "ruby", "PHP": "php", "Scala": "scala",
    "Kotlin": "kotlin", "Swift": "swift", "Clojure": "clojure", "C#": "c#", "\\.NET": "c#", "F#": "f#", "Lua": "lua",
    "LuaJIT": "lua", "Torch ?7": "lua",
    "Tcl": "tcl", "Erlang": "erlang", "Elixir": "elixir", "Haskell": "haskell", "OCaml": "ocaml", "Racket": "racket",
    "Scheme": "scheme", "Lisp": "lisp", "Prolog": "prolog", "Coq": "coq", "Rocq": "coq",
    "Isabelle(?:/HOL)?": "isabelle", "Lean(?: ?4)?": "lean", "Agda": "agda", "Idris": "idris", "F\\*": "f*",
    "Dafny": "dafny", "TLA\\+": "tla+", "TLC": "tla+", "Alloy": "alloy", "Promela": "promela", "Tamarin": "tamarin",
    "ProVerif": "proverif", "EasyCrypt": "easycrypt", "Cryptol": "cryptol", "Maude": "maude", "CodeQL": "codeql",
    "Datalog": "datalog", "SPARQL": "sparql", "SQL": "sql", "Cypher": "cypher", "Verilog": "verilog",
    "SystemVerilog": "systemverilog", "VHDL": "vhdl", "FPGA": "verilog", "Chisel": "scala", "P4": "p4",
    "Nextflow": "nextflow", "NextFlow": "nextflow", "nextflow": "nextflow", "Snakemake": "snakemake",
    "snakemake": "snakemake", "Mathematica": "mathematica", "Stata": "stata", "SAS": "sas", "SPSS": "spss",
    "GAMS": "gams", "NetLogo": "netlogo", "GAP": "gap", "SageMath": "sage", "Scilab": "scilab",
    "Modelica": "modelica", "Solidity": "solidity", "BASIC": "basic", "Basic": "basic", "Pascal": "pascal",
    "Ada": "ada", "assembly": "assembly", "Assembly": "assembly", "Stan": "stan", "Circom": "circom",
    "circom": "circom", "XSLT": "xslt", "Visual Basic": "visual basic",
}  # fmt: skip
"""As people write them, escaped for a pattern, and as `LanguageShare` names the language."""
BLOCKS: Final[dict[str, str]] = {
    "python": "python", "py": "python", "python3": "python", "pycon": "python", "r": "r", "c": "c", "cpp": "c++",
    "c++": "c++", "fortran": "fortran", "julia": "julia", "jl": "julia", "java": "java", "javascript": "javascript",
    "js": "javascript", "typescript": "javascript", "ts": "javascript", "matlab": "matlab", "octave": "octave",
    "go": "go", "rust": "rust", "perl": "perl", "haskell": "haskell", "ocaml": "ocaml", "scala": "scala",
    "kotlin": "kotlin", "csharp": "c#", "coq": "coq", "dafny": "dafny", "verilog": "verilog", "vhdl": "vhdl",
    "gap": "gap", "ruby": "ruby", "php": "php", "swift": "swift", "clojure": "clojure", "solidity": "solidity",
    "racket": "racket", "mathematica": "mathematica", "stata": "stata", "lua": "lua", "html": "javascript",
}  # fmt: skip
"""By the word behind a fence."""
TOOLS: Final[dict[str, str]] = {
    "tla+": "the TLA+ tools", "coq": "Coq", "isabelle": "Isabelle", "lean": "Lean", "agda": "Agda", "idris": "Idris",
    "f*": "F*", "dafny": "Dafny", "alloy": "Alloy", "promela": "SPIN", "tamarin": "Tamarin", "proverif": "ProVerif",
    "easycrypt": "EasyCrypt", "cryptol": "Cryptol", "maude": "Maude", "codeql": "CodeQL",
    "datalog": "a Datalog engine", "sparql": "a SPARQL engine", "cypher": "a graph database",
    "verilog": "a Verilog simulator or synthesis tool",
    "systemverilog": "a SystemVerilog simulator or synthesis tool", "vhdl": "a VHDL simulator or synthesis tool",
    "bluespec": "the Bluespec compiler", "p4": "a P4 compiler", "nextflow": "Nextflow", "snakemake": "Snakemake",
    "haskell": "GHC", "ocaml": "OCaml", "racket": "Racket", "scheme": "Scheme", "lisp": "Common Lisp",
    "clojure": "Clojure", "scala": "Scala's sbt", "kotlin": "Kotlin's compiler", "swift": "Swift's compiler",
    "c#": ".NET", "f#": ".NET", "gap": "GAP", "sage": "SageMath", "scilab": "Scilab",
    "modelica": "a Modelica compiler", "netlogo": "NetLogo", "solidity": "a Solidity compiler", "circom": "circom",
    "basic": "a BASIC interpreter", "pascal": "a Pascal compiler", "ada": "an Ada compiler", "smt": "an SMT solver",
    "minizinc": "MiniZinc", "julia": "Julia", "erlang": "Erlang", "elixir": "Elixir", "nim": "Nim", "zig": "Zig",
    "dart": "Dart", "ruby": "Ruby", "php": "PHP", "xslt": "an XSLT processor", "neuron": "NEURON",
    "boogie": "Boogie", "why3": "Why3", "viper": "Viper", "gherkin": "Cucumber", "stan": "Stan",
    "visual basic": "Visual Basic", "igor": "Igor Pro", "bionetgen": "BioNetGen", "standard ml": "Standard ML",
    "quarto": "Quarto", "groovy": "Groovy", "assembly": "an assembler", "arduino": "the Arduino tools",
    "opencl": "OpenCL", "sql": "a database", "lua": "Lua", "tcl": "Tcl", "cwl": "a CWL runner",
    "wdl": "a WDL runner",
}  # fmt: skip
"""What runs a language that no provider plans for."""

_NAME: Final = "|".join(f"(?:{name})" for name in sorted(NAMES, key=len, reverse=True))
_WHAT: Final = (
    r"packages?|toolbox(?:es)?|librar(?:y|ies)|modules?|codes?|scripts?|implementations?|frameworks?|toolkits?"
    r"|softwares?|workflows?|pipelines?|proofs?|specifications?|quer(?:y|ies)|functions?|simulators?"
    r"|development|source|sources|notebooks?|proof assistant|prover|compiler|model checker|scripting"
)
NAMED: Final = re.compile(
    r"\b(?:written|implemented|implements?|developed|programmed|coded|native|built|formali[sz]ed|mechani[sz]ed|verified"
    r"|proved|modell?ed)"
    r"(?: (?:entirely|purely|mostly|primarily|completely))? (?:in|with|using|to) (?:the |pure |modern |standard )?"
    rf"(?P<a>{_NAME})(?![\w+#*])"
    rf"|(?<![\w./+-])(?P<b>{_NAME})(?![\w+#*])[-\s](?:[a-z]+[- ])?(?:{_WHAT})\b"
    rf"|\b(?:for|using|requires?|uses?|needs?|install) (?:the )?(?P<c>{_NAME})(?![\w+#*])"
)
"""`written in X`, `X package`, `for X`; bindings, wrappers and interfaces are parts and not among them."""
MARKUP: Final = re.compile(r"\]\([^()\s]{0,300}\)|[\[\]`]|\*\*|\\\\(?=[*+])")
"""Links and emphasis around a name."""
EXACT: Final = {re.compile(name): language for name, language in NAMES.items()}


def named_in(text: str) -> list[str]:
    """Return the languages that a line of prose names for code, in its order."""
    plain = MARKUP.sub("", text)
    words = (match["a"] or match["b"] or match["c"] for match in NAMED.finditer(plain))
    return [language_of(word) for word in words]


def language_of(word: str) -> str:
    """Return the language that a word names, as `LanguageShare` does; empty for any other word."""
    return NAMES.get(word) or next(
        (language for name, language in EXACT.items() if name.fullmatch(word)), ""
    )


def shown_name(language: str) -> str:
    """Return a language as people write it: `TLA+` for `tla+`."""
    names = (name.replace("\\", "") for name, named in NAMES.items() if named == language)
    return next((name for name in names if name != language and "(" not in name), language)
