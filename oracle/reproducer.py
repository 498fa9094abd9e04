"""Standalone scripts that show one wrong gradient with nothing but torch."""

from __future__ import annotations

import inspect
from fractions import Fraction
from typing import TYPE_CHECKING

from oracle.notation import mathematics
from oracle.program import Program
from oracle.target import Target
from oracle.torch_source import function_source, tensor_source, value_name

if TYPE_CHECKING:
    from oracle.laws import Law
    from oracle.verdict import Mismatch, WrongKind


def element_script(program: Program, target: Target, route: str, mismatch: Mismatch) -> str:
    """A script that prints what came and what is due for one element, and exits 1 while they are too far apart."""
    high, low = _split(mismatch.due)
    exactly = f"  # exactly {mismatch.due}" if len(str(mismatch.due)) < 60 else ""
    return _script(
        program,
        target,
        f"{_source(program, mismatch)}, element {mismatch.element}, asked by {route}.",
        [
            _asked(route, mismatch),
            f"came = result[{', '.join(map(str, mismatch.element)) or '()'}].item()",
            f"due = {high!r}{exactly}",
            f"rest = {low!r}  # due + rest is the due value to 106 bits",
            f"radius = {mismatch.radius!r}  # how far a correctly rounded computation may be from it",
            "error = abs((came - due) - rest)",
            'print(f"came   {came!r}\\ndue    {due!r}\\nerror  {error!r}\\nradius {radius!r}")',
            "raise SystemExit(0 if error <= radius else 1)",
        ],
    )


def kind_script(program: Program, target: Target, route: str, wrong: WrongKind) -> str:
    """A script that prints a gradient's shape, dtype and device, and exits 1 while they are wrong."""
    said = 'f"shape {tuple(result.shape)}, {str(result.dtype)[6:]}, on {result.device}"'
    if wrong.due in ("a gradient", "no gradient"):
        said = '"no gradient" if result is None else "a gradient"'
    return _script(
        program,
        target,
        f"{_source(program, wrong)}, asked by {route}.",
        [
            _asked(route, wrong),
            f"came = {said}",
            f"due = {wrong.due!r}",
            'print(f"came {came}\\ndue  {due}")',
            "raise SystemExit(0 if came == due else 1)",
        ],
    )


def raised_script(program: Program, target: Target, route: str) -> str:
    """A script that asks for outputs and gradients and reads them, and exits 1 while that raises an exception."""
    x = [f"x[{index}]" for index in program.differentiated]
    if route == "backward":
        asked = "torch.autograd.backward(outputs, cotangents())"
        gradients = f"[{', '.join(f'{each}.grad' for each in x)}]"
    else:
        asked = f"gradients = torch.autograd.grad(outputs, [{', '.join(x)}], cotangents(), allow_unused=True)"
        gradients = "gradients"
    return _script(
        program,
        target,
        f"An exception instead of an answer, asked by {route}.",
        [
            "try:",
            "    x = inputs()",
            "    outputs = program(*x)",
            f"    {asked}",
            f"    for result in [*outputs, *{gradients}]:",
            "        if result is not None:",
            '            result.detach().to("cpu", torch.float64).tolist()',
            "except Exception as error:",
            '    print(f"raised {type(error).__name__}: {error}")',
            "    raise SystemExit(1) from None",
            'print("nothing was raised")',
        ],
    )


def law_script(program: Program, target: Target, law: Law) -> str:
    """A script that checks ``law``, whose source it contains, and exits 1 while it is broken."""
    return _script(
        program,
        target,
        f"Broken: {inspect.getdoc(law)}",
        [
            inspect.getsource(law).strip(),
            "",
            "",
            f"broken = {law.__name__}(inputs, program, cotangents)",
            'print(broken or "the law holds")',
            "raise SystemExit(1 if broken else 0)",
        ],
    )


def _source(program: Program, wrong: Mismatch | WrongKind) -> str:
    if wrong.source is None:
        return f"The output {value_name(program, program.outputs[wrong.output].value.index)}"
    return f"The gradient of {value_name(program, wrong.source)}"


def _asked(route: str, wrong: Mismatch | WrongKind) -> str:
    if wrong.source is None:
        return f"result = program(*inputs())[{wrong.output}].detach()"
    if route == "backward":
        return f"x = inputs()\ntorch.autograd.backward(program(*x), cotangents())\nresult = x[{wrong.source}].grad"
    asked = f"torch.autograd.grad(program(*x), x[{wrong.source}], cotangents(), allow_unused=True)"
    return f"x = inputs()\n(result,) = {asked}"


def _split(value: Fraction) -> tuple[float, float]:
    high = float(value)
    return high, float(value - Fraction(high))


def definitions(program: Program) -> str:
    """Source that defines ``inputs()``, ``program(x0, x1, …)`` and ``cotangents()`` of ``program`` on ``device``.

    It wants the names ``torch``, ``math`` and ``device``, and nothing else.
    """
    names = [value_name(program, index) for index in range(len(program.inputs))]
    build = []
    for name, each in zip(names, program.inputs, strict=True):
        build.append(tensor_source(each.tensor, name))
        if each.requires_grad:
            build.append(f"{name}.requires_grad_()")
    gradients = []
    listed = []
    for number, output in enumerate(program.outputs):
        if output.cotangent is None:
            listed.append("None")
        else:
            listed.append(f"gradient{number}")
            gradients.append(tensor_source(output.cotangent, f"gradient{number}"))
    gradients.append(f"return [{', '.join(listed)}]")
    sections = [
        "def inputs():\n" + _indented("\n".join([*build, f"return [{', '.join(names)}]"])),
        function_source(program),
        "def cotangents():\n" + _indented("\n".join(gradients)),
    ]
    return "\n\n\n".join(sections)


def _script(program: Program, target: Target, title: str, check: list[str]) -> str:
    # What sets the target comes first: some variables are read when torch is loaded.
    first = f"{target.source}\n\n" if target.source else ""
    head = f"from __future__ import annotations\n\n{first}import math\n\nimport torch\n\ndevice = {target.device!r}"
    sections = [
        f'"""{title}\n\n{mathematics(program)}\n"""',
        head,
        definitions(program),
        "\n".join(check),
    ]
    return "\n\n\n".join(sections) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
