"""Where programs run: a device, and on a CPU the code path, since one processor has many.

A target is written ``device[/key=value,…]``: ``cuda:1``, ``cpu/onednn=off``, ``cpu/capability=default,isa=sse41``. The
settings of a target are Python statements or environment variables, and the very same go into the scripts that
reproduce what was found under them. Nothing here imports torch before a setting is applied: some variables are read
when torch is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Setting:
    """One key of a target.

    Attributes:
        values: what it may be, as text; none where it is a whole number.
        usual: what holds where a target does not name it; empty where that depends on the machine.
        variable: the environment variable that is set to its value, before torch is loaded.
        statement: otherwise, a statement that sets ``{value}``, as Python writes it.
        state: a Python expression for what is set now, if torch tells; always with a statement.
        literals: the Python value that each of ``values`` stands for.
    """

    values: tuple[str, ...] = ()
    usual: str = ""
    variable: str = ""
    state: str = ""
    statement: str = ""
    literals: Mapping[str, Any] | None = None

    def literal(self, text: str) -> Any:
        """``text`` as the Python value that ``statement`` sets, or the variable's text."""
        if self.literals is not None:
            return self.literals[text]
        return text if self.values else int(text)


SWITCH = {"on": True, "off": False}

SETTINGS: dict[str, Setting] = {
    "onednn": Setting(
        ("on", "off"),
        usual="on",
        state="torch._C._get_mkldnn_enabled()",
        statement="torch._C._set_mkldnn_enabled({value})",
        literals=SWITCH,
    ),
    "isa": Setting(
        ("sse41", "avx", "avx2", "avx2_vnni", "avx512_core", "avx512_core_vnni", "avx512_core_bf16"),
        variable="ONEDNN_MAX_CPU_ISA",
    ),
    "capability": Setting(
        ("default", "avx2", "avx512"),
        variable="ATEN_CPU_CAPABILITY",
        state="torch.backends.cpu.get_cpu_capability().lower()",
    ),
    "threads": Setting(state="torch.get_num_threads()", statement="torch.set_num_threads({value})"),
    "flush": Setting(
        ("on", "off"),
        usual="off",
        # torch has no name for the state; halving the smallest normal number shows it.
        state="(torch.tensor(2.0**-126) / 2).item() == 0",
        statement="torch.set_flush_denormal({value})",
        literals=SWITCH,
    ),
    "deterministic": Setting(
        ("on", "off"),
        usual="off",
        state="torch.are_deterministic_algorithms_enabled()",
        statement="torch.use_deterministic_algorithms({value})",
        literals=SWITCH,
    ),
    "mkl": Setting(("compatible",), variable="MKL_CBWR"),
    "products": Setting(
        ("float32", "tf32", "bfloat16"),
        usual="float32",
        state="torch.get_float32_matmul_precision()",
        statement="torch.set_float32_matmul_precision({value})",
        literals={"float32": "highest", "tf32": "high", "bfloat16": "medium"},
    ),
}
"""Every key of a target. ``isa`` limits oneDNN, ``capability`` ATen's own kernels, ``mkl`` Intel's MKL to results that
every processor gives, and ``products`` says in what format float32 matrices may be multiplied."""


VARIABLES = ("DNNL_MAX_CPU_ISA", *(setting.variable for setting in SETTINGS.values() if setting.variable))
"""Environment variables that choose a code path; oneDNN knows its own by an older name, too."""


@dataclass(frozen=True)
class Target:
    """A device and the settings under which it is used.

    Attributes:
        device: what torch calls it.
        settings: pairs of a key of ``SETTINGS`` and its value, in the order of the keys there.
    """

    device: str
    settings: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that ``text`` names, as ``str`` writes it.

        Raises:
            ValueError: if it names no device, an unknown key or value, one key twice, or a code path of a device that
                is no CPU; the message says what would be right.
        """
        device, slash, written = text.partition("/")
        if not device or "=" in device or (slash and not written):
            raise ValueError("write device[/key=value,…], such as cpu/onednn=off")
        chosen: dict[str, str] = {}
        for part in written.split(",") if written else ():
            key, _, value = part.partition("=")
            if key not in SETTINGS:
                raise ValueError(f"unknown key {key!r}; choose from {', '.join(SETTINGS)}")
            if key in chosen:
                raise ValueError(f"{key} is named twice")
            values = SETTINGS[key].values
            if values and value not in values:
                raise ValueError(f"{key}={value}: choose from {', '.join(values)}")
            if not values and (not value.isdecimal() or int(value) == 0):
                raise ValueError(f"{key}={value}: give a whole number of at least 1")
            chosen[key] = value
        if chosen and device != "cpu":
            raise ValueError(f"only the CPU has code paths, and {device} is none")
        return cls(device, tuple((key, chosen[key]) for key in SETTINGS if key in chosen))

    def __str__(self) -> str:
        written = ",".join(f"{key}={value}" for key, value in self.settings)
        return f"{self.device}/{written}" if written else self.device

    def is_within(self, wider: Target) -> bool:
        """Whether everything that ``wider`` names holds here too; what is not named is as usual."""
        own = {key: setting.usual for key, setting in SETTINGS.items()} | dict(self.settings)
        same_device = self.device == wider.device or self.device.partition(":")[0] == wider.device
        return same_device and all(own[key] == value for key, value in wider.settings)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables that must be set before torch is loaded."""
        return {
            SETTINGS[key].variable: value.upper() if key in ("isa", "mkl") else value
            for key, value in self.settings
            if SETTINGS[key].variable
        }

    @cached_property
    def _statements(self) -> tuple[tuple[Setting, Any], ...]:
        return tuple(
            (SETTINGS[key], SETTINGS[key].literal(value)) for key, value in self.settings if SETTINGS[key].statement
        )

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within it this process works as the target says, but for its environment; then as before."""
        if not self._statements:
            yield
            return
        import torch

        before = [eval(setting.state, {"torch": torch}) for setting, _ in self._statements]
        try:
            for setting, value in self._statements:
                exec(setting.statement.format(value=repr(value)), {"torch": torch})
            yield
        finally:
            for (setting, _), value in zip(self._statements, before, strict=True):
                exec(setting.statement.format(value=repr(value)), {"torch": torch})

    def not_taken(self) -> str | None:
        """Which of its settings this process does not take, as torch tells, in a few words; None if it takes all."""
        import torch

        with self.applied():
            for key, value in self.settings:
                setting = SETTINGS[key]
                state = eval(setting.state, {"torch": torch}) if setting.state else setting.literal(value)
                if state != setting.literal(value):
                    return f"{key}={value} is not taken: it is {state}"
        return None

    @cached_property
    def source(self) -> str:
        """Statements that make a fresh process work as the target says; they import torch if they need it."""
        lines = []
        if self.environment:
            lines.append("import os\n")
            lines += [f"os.environ[{name!r}] = {value!r}" for name, value in self.environment.items()]
        if self._statements:
            lines.append(f"{chr(10) if lines else ''}import torch\n")
            lines += [setting.statement.format(value=repr(value)) for setting, value in self._statements]
        return "\n".join(lines)


CPU = Target("cpu")


def listed_targets(text: str) -> list[Target]:
    """The targets that ``text`` names with commas between them; a part ``key=value`` belongs to the one before it.

    Raises:
        ValueError: if one of them is none; the message names it.
    """
    names: list[str] = []
    for part in (each.strip() for each in text.split(",")):
        if not part:
            raise ValueError("give names with commas between them")
        if "=" in part and "/" not in part and names:
            names[-1] += f"{',' if '/' in names[-1] else '/'}{part}"
        else:
            names.append(part)
    targets = []
    for name in names:
        try:
            targets.append(Target.parse(name))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return list(dict.fromkeys(targets))
