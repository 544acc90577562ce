"""TorchScript is looked through before it is loaded, and what writes files is refused."""

from __future__ import annotations

import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.archive import read_archive
from gancheck.loaders.torchscript_audit import audit_torchscript, source_complaint, trimmed
from gancheck.types import Generator
from loaders.loader_models import Conditional, Dcgan, Points

Edit = Callable[[str, bytes], "bytes | None"]


class Styled(nn.Module):
    """A small network with a mapping, a truncation, noise, and layers of many kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
        self.norms = nn.Sequential(nn.GroupNorm(2, 8), nn.Upsample(scale_factor=2), nn.PReLU())
        self.shuffle = nn.Sequential(nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2))
        self.average = nn.Parameter(torch.zeros(8))
        self.start = nn.Parameter(torch.ones(1, 8, 4, 4))

    def forward(self, z: Tensor, psi: float = 1.0) -> Tensor:
        """Draw pictures."""
        for layer in self.mapping:
            z = functional.leaky_relu(layer(z), 0.2)
        z = self.average + psi * (z - self.average)
        x = self.norms(self.start * z[:, :, None, None])
        x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        tokens = x.flatten(2).transpose(1, 2)
        scores = torch.softmax(torch.matmul(tokens, tokens.transpose(1, 2)), dim=-1)
        x = torch.matmul(scores, tokens).transpose(1, 2).reshape(-1, 8, 16, 16)
        pictures: Tensor = self.shuffle(x + 0.1 * torch.randn(x.shape[0], 1, 16, 16))
        if pictures.shape[0] > 1000:
            raise ValueError("too many\nat once")
        return pictures


def save(module: nn.Module, path: Path, example: tuple[Tensor, ...] | None = None) -> Path:
    """Script a module, or trace it on an example, and save it."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        jit: Any = torch.jit
        program = jit.script(module) if example is None else jit.trace(module, example)
        jit.save(program, str(path))
    return path


def edited(source: Path, target: Path, edit: Edit) -> Path:
    """Copy an archive, entry by entry, through a function; what it returns None for is dropped."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = edit(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def in_forward(line: str) -> Edit:
    """Return an edit that puts a line of source at the start of the network's forward."""

    def edit(name: str, content: bytes) -> bytes:
        if not name.endswith(".py") or b"class Points" not in content:
            return content
        head, found, rest = content.partition(b") -> Tensor:\n")
        return head + found + f"    {line}\n".encode() + rest

    return edit


@pytest.fixture(scope="module")
def scripted(points: Points, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean scripted generator of points."""
    return save(points, tmp_path_factory.mktemp("scripted") / "points")


@pytest.mark.parametrize(
    ("module", "example"),
    [
        (Dcgan(), (torch.zeros(4, 8, 1, 1),)),
        (Conditional(), (torch.zeros(4, 8), torch.zeros(4, dtype=torch.long))),
        (Styled(), (torch.zeros(4, 8),)),
        (nn.GRU(4, 8, batch_first=True), (torch.zeros(2, 3, 4),)),
    ],
)
def test_honest_programs_pass(
    module: nn.Module, example: tuple[Tensor, ...], tmp_path: Path
) -> None:
    """Traced or scripted, in training or not: what torch writes for a generator is let through."""
    module.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frozen: Any = torch.jit.freeze(torch.jit.script(module))
        torch.jit.save(frozen, str(tmp_path / "frozen"))
    save(module, tmp_path / "scripted")
    save(module.train(), tmp_path / "trained")
    paths = [tmp_path / name for name in ("frozen", "scripted", "trained")]
    if not isinstance(module, Styled):  # draws noise, which the tracer checks
        paths.append(save(module.eval(), tmp_path / "traced", example))
    for path in paths:
        assert audit_torchscript(trimmed(read_archive(path))) == ""


class Writer(nn.Module):
    """A program that writes a file while it is loaded."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.scale = torch.ones(1)

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z * self.scale

    @torch.jit.export
    def __getstate__(self) -> tuple[str, Tensor, bool]:
        return (self.path, self.scale, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[str, Tensor, bool]) -> None:
        self.path = state[0]
        self.scale = state[1]
        self.training = state[2]
        torch.ops.aten.save([self.scale], self.path)


def test_what_runs_while_loading_is_refused(tmp_path: Path) -> None:
    """A file whose loading writes another one is refused, and the other one is not written."""
    marker = tmp_path / "marker"
    path = save(Writer(str(marker)), tmp_path / "evil")
    assert not marker.exists()
    with pytest.raises(RefusedError, match=r"program that defines __[gs]etstate__") as caught:
        load(path)
    assert "--trust" in str(caught.value.hint)
    assert not marker.exists()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    assert marker.exists()  # or this would have been no attack


ATTACKS = (
    'torch.save(z, "MARKER")',
    '(z).save("MARKER")',
    'getattr(z, "save")("MARKER")',
    'ops.aten.save(z, "MARKER")',
    'a = torch.from_file("MARKER", True, 4)',
    'a = ops.aten.from_file("MARKER", True, 4)',
    't = torch\n    t.save(z, "MARKER")',
    "a = ops.inductor._reinterpret_tensor(z, [1], [1], 0)",
    'a = ops.prim.rpc_async("w", "f")',
    "a = ops.prim.PythonOp()",
    "a = fork(z)",
    "a = __torch__.torch.classes.quantized.Conv2dPackedParamsBase()",
    'open("MARKER", "w")',
    "a = (lambda: z)()",
    "# type: (Tensor) -> Tensor",
    "import os",
    "a = torch.no_such_operator(z)",
    'a = f"{z}"',
    "é = z",
    "a = (" * 300,
)


@pytest.mark.parametrize("line", ATTACKS)
def test_source_beyond_tensor_maths_is_refused(line: str, scripted: Path, tmp_path: Path) -> None:
    """However it is spelled, what is no tensor maths is refused before anything of it runs."""
    marker = tmp_path / "marker"
    path = edited(scripted, tmp_path / "evil", in_forward(line.replace("MARKER", str(marker))))
    with pytest.raises(RefusedError, match="is a TorchScript program that"):
        load(path)
    assert not marker.exists()


@pytest.mark.parametrize("line", [ATTACKS[0], ATTACKS[3], ATTACKS[6]])
def test_the_attacks_are_real(line: str, scripted: Path, tmp_path: Path) -> None:
    """Without the audit these lines write a file; with `--trust` they may."""
    marker = tmp_path / "marker"
    path = edited(scripted, tmp_path / "evil", in_forward(line.replace("MARKER", str(marker))))
    trusted = load(path, LoadOptions(trust=True, isolate=False))
    assert isinstance(trusted, Generator)
    assert trusted.spec.trusted
    assert marker.exists()


def test_harmless_edits_pass(scripted: Path, tmp_path: Path) -> None:
    """The edits above are refused for what they say, not for being edits."""
    path = edited(scripted, tmp_path / "edited", in_forward('print("hello")'))
    assert isinstance(load(path), Generator)


def test_trust_changes_nothing_for_clean_programs(scripted: Path) -> None:
    """A program that passes is not marked as trusted, whatever was asked for."""
    loaded = load(scripted, LoadOptions(trust=True, isolate=False))
    assert isinstance(loaded, Generator)
    assert not loaded.spec.trusted


def test_classes_without_a_package_pass() -> None:
    """Source that is not ASCII or no Python is named with its file."""
    assert source_complaint("code/__torch__.py", b"class A(Module):\n  pass\n") == ""
    assert "code/a.py" in source_complaint("code/a.py", b"class A(:\n")
    assert "code/a.py" in source_complaint("code/a.py", b"a = 1\r\nb = 2\n")
    assert "class A" in source_complaint("code/a.py", b"class A(object):\n  pass\n")


def replace_in_pickle(old: bytes, new: bytes) -> Edit:
    """Return an edit of the pickle of weights."""

    def edit(name: str, content: bytes) -> bytes:
        if name.endswith("/data.pkl"):
            assert old in content
            return content.replace(old, new, 1)
        return content

    return edit


def test_pickles_may_ask_for_little(scripted: Path, tmp_path: Path) -> None:
    """A pickle that names a function of Python, or a class from outside the file, is refused."""
    for number, (old, new) in enumerate(
        (
            (b"ctorch._utils\n_rebuild_tensor_v2\n", b"cposix\nsystem\n"),
            (b"ccollections\nOrderedDict\n", b"c__torch__.torch.classes.x\nY\n"),
        )
    ):
        path = edited(scripted, tmp_path / str(number), replace_in_pickle(old, new))
        with pytest.raises(RefusedError, match=r"that asks for (posix|__torch__)"):
            load(path)


def test_pickles_with_unknown_instructions(scripted: Path, tmp_path: Path) -> None:
    """What torch never writes into a pickle is refused; half a pickle is damaged."""
    path = edited(scripted, tmp_path / "a", replace_in_pickle(b"\x80\x02", b"\x80\x02]\x94"))
    with pytest.raises(RefusedError, match="instruction MEMOIZE"):
        load(path)
    cut = edited(scripted, tmp_path / "b", lambda n, c: c[:99] if n.endswith("/data.pkl") else c)
    with pytest.raises(LoadError, match="damaged TorchScript"):
        load(cut)


def test_tensors_lie_inside_their_storages(scripted: Path, tmp_path: Path) -> None:
    """A tensor that reaches beyond what is stored is refused, also under `--trust`."""
    shorter: Edit = lambda name, content: content[:-4] if name.endswith("/data/0") else content  # noqa: E731
    # The first weight is (16, 5), of strides (5, 1); its sides are pickled as small integers.
    wider = replace_in_pickle(b"K\x10K\x05", b"K\x10K\x06")
    offset = replace_in_pickle(b"K\x00(K\x10K\x05", b"K\x07(K\x10K\x05")
    for number, edit in enumerate((shorter, wider, offset)):
        path = edited(scripted, tmp_path / str(number), edit)
        with pytest.raises(RefusedError, match=r"is a TorchScript file with a (storage|tensor)"):
            load(path, LoadOptions(trust=True, isolate=False))


def test_entries_that_torch_does_not_write(scripted: Path, tmp_path: Path) -> None:
    """Files for mobile phones, and a second folder beside the first, are refused by name."""
    for number, extra in enumerate(("points/bytecode.pkl", "points/model.so", "other/version")):
        path = edited(scripted, tmp_path / str(number), lambda name, content: content)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(extra, b"3\n")
        with pytest.raises(RefusedError, match=r"does not write|folders at its root"):
            load(path)


def test_debug_entries_are_left_out(scripted: Path) -> None:
    """What only debuggers read is not handed on to torch."""
    whole = read_archive(scripted)
    assert whole.named(".debug_pkl")
    assert not trimmed(whole).named(".debug_pkl")


def test_old_and_mobile_programs_are_refused(tmp_path: Path) -> None:
    """TorchScript of before 1.4 and flatbuffers cannot be looked through, and say so."""
    old = tmp_path / "old"
    with zipfile.ZipFile(old, "w") as archive:
        archive.writestr("m/model.json", "{}")
        archive.writestr("m/code/m.py", "op_version_set = 0")
    mobile = tmp_path / "mobile"
    mobile.write_bytes(struct.pack("<I", 24) + b"PTMF" + bytes(64))
    for path, words in ((old, "before 1.4"), (mobile, "mobile phones")):
        with pytest.raises(RefusedError, match=words):
            load(path)
