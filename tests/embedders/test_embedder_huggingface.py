"""Models of the transformers library: fed as they ask for, read as their kind suggests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from embedder_samples import blobs, material

from gancheck.embedders import create
from gancheck.embedders.canvas import resized
from gancheck.embedders.huggingface import HuggingFace
from gancheck.errors import LoadError, ShapeError

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray, FloatArray

SIDE = 28
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
SIZES = {"num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE, "patch_size": 14}
PROCESSOR = {"size": {"shortest_edge": 32}, "crop_size": SIDE, "image_mean": MEAN, "image_std": STD}


def saved(model: Any, folder: Path, processor: JSON = PROCESSOR) -> Path:
    """Save a model as the library does, with the JSON of its image processor."""
    model.eval().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny models with random weights, one folder for each kind."""
    import transformers as hf

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("models")
    sight = {"hidden_size": 32, "intermediate_size": 32, **SIZES}
    words = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    words |= {"num_attention_heads": 2, "vocab_size": 9, "max_position_embeddings": 4}
    both = hf.CLIPConfig(text_config=words, vision_config=sight, projection_dim=24)
    half = hf.CLIPVisionConfig(projection_dim=24, **sight)
    maps = hf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    made = {
        "dino": hf.Dinov2Model(hf.Dinov2Config(hidden_size=32, mlp_ratio=2, **SIZES)),
        "clip": hf.CLIPModel(both),
        "clip-vision": hf.CLIPVisionModelWithProjection(half),
        "classifier": hf.ViTForImageClassification(hf.ViTConfig(**sight)),
        "masked": hf.ViTMAEModel(hf.ViTMAEConfig(**sight)),
        "resnet": hf.ResNetModel(maps),
        "words": hf.BertModel(hf.BertConfig(**words)),
    }
    return {name: saved(model, root / name) for name, model in made.items()}


@pytest.fixture
def images() -> AnyArray:
    """Twenty colour images, more than one batch, smaller than what the models look at."""
    return blobs(20, 20, 3, np.random.default_rng(7))


def by_hand(images: AnyArray) -> torch.Tensor:
    """Prepare images as the JSON asks for."""
    pixels = resized(images, SIDE, SIDE) / 255
    return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def expected(name: str, folder: Path, images: AnyArray) -> FloatArray:
    """Compute the features of one kind of model without gancheck."""
    import transformers as hf

    kinds = {"clip": hf.CLIPModel, "clip-vision": hf.CLIPVisionModelWithProjection}
    model = kinds.get(name, hf.AutoModel).from_pretrained(folder).eval()
    fed = by_hand(images)
    with torch.inference_mode():
        if name == "clip":
            found = model.visual_projection(model.vision_model(fed).pooler_output)
        elif name == "clip-vision":
            found = model(fed).image_embeds
        elif name == "dino":
            found = model(fed).last_hidden_state[:, 0]
        elif name == "resnet":
            found = model(fed).last_hidden_state.mean(dim=(2, 3))
        else:
            found = model(fed).last_hidden_state.mean(dim=1)
    return np.asarray(found.numpy())


@pytest.mark.parametrize(
    ("name", "output", "dims"),
    [
        ("dino", "pooler_output", 32),
        ("clip", "image_features", 24),
        ("clip-vision", "image_embeds", 24),
        ("classifier", "mean of last_hidden_state", 32),
        ("resnet", "pooler_output", 16),
    ],
)
def test_each_kind_gives_its_own_output(
    models: dict[str, Path], images: AnyArray, name: str, output: str, dims: int
) -> None:
    """Class token, projected embedding, pooled map or mean of tokens: named, and computed alike."""
    view = create(f"huggingface:{models[name]}").prepare(material(images))
    assert view.name == f"huggingface:{models[name]} (28x28 px, {output})"
    features = view(images)
    assert features.shape == (20, dims)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected(name, models[name], images), atol=2e-5)


def test_batch_mates_do_not_matter(models: dict[str, Path], images: AnyArray) -> None:
    """One image alone has the features it has among twenty; the images differ among themselves."""
    view = create(f"huggingface:{models['dino']}").prepare(material(images))
    features = view(images)
    np.testing.assert_allclose(view(images[17:18]), features[17:18], atol=1e-5)
    np.testing.assert_array_equal(view(images), features)
    assert np.abs(features[0] - features[1]).max() > 1e-3


def test_grey_is_repeated_and_floats_stay_unrounded(models: dict[str, Path]) -> None:
    """Grey images are seen as RGB of three equal channels, and less than one grey level counts."""
    grey = blobs(5, SIDE, 1, np.random.default_rng(3))
    view = create(f"huggingface:{models['dino']}").prepare(material(grey))
    np.testing.assert_allclose(view(grey), view(np.repeat(grey, 3, axis=1)), atol=1e-6)
    assert np.abs(view(grey.astype(np.float32) + np.float32(0.4)) - view(grey)).max() > 1e-4


def test_the_hash_is_that_of_the_content(
    models: dict[str, Path], images: AnyArray, tmp_path: Path
) -> None:
    """A copy elsewhere has the same hash; other weights or another preprocessing do not."""
    from safetensors.torch import load_file, save_file

    def hash_of(folder: Path) -> str:
        return create(f"huggingface:{folder}").prepare(material(images)).sha256

    original = hash_of(models["dino"])
    copy = shutil.copytree(models["dino"], tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    named = {**config, "_name_or_path": "elsewhere", "transformers_version": "5.0.0"}
    (copy / "config.json").write_text(json.dumps(named))
    assert hash_of(copy) == original
    processor = copy / "preprocessor_config.json"
    processor.write_text(json.dumps({**PROCESSOR, "image_mean": 0.5}))
    assert hash_of(copy) != original
    processor.write_text(json.dumps(PROCESSOR))
    weights = load_file(copy / "model.safetensors")
    weights["layernorm.bias"][0] += 1
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert hash_of(copy) != original


def test_random_weights_are_neither_used_nor_hashed(
    models: dict[str, Path], images: AnyArray
) -> None:
    """A classifier's file has no pooling layer: made up anew each time, it changes nothing."""
    first, again = (
        create(f"huggingface:{models['classifier']}").prepare(material(images)) for _ in range(2)
    )
    assert first.sha256 == again.sha256
    np.testing.assert_array_equal(first(images), again(images))


@pytest.mark.parametrize(
    ("processor", "size"),
    [
        ({"size": 42}, "42x42"),
        ({"size": {"height": 14, "width": 42}}, "42x14"),
        ({"size": {"shortest_edge": 56}, "crop_size": {"height": 28, "width": 42}}, "42x28"),
        ({"size": {"shortest_edge": 56}, "crop_size": 28, "do_center_crop": False}, "56x56"),
        ({"size": {"longest_edge": 99}}, "28x28"),
        ({}, "28x28"),
    ],
)
def test_the_size_is_that_of_the_image_processor(
    models: dict[str, Path], images: AnyArray, tmp_path: Path, processor: JSON, size: str
) -> None:
    """The crop counts, else the size, else what the model was built for."""
    folder = shutil.copytree(models["dino"], tmp_path / "model")
    text = json.dumps({"image_mean": MEAN, "image_std": STD, **processor})
    (folder / "preprocessor_config.json").write_text(text)
    assert f"({size} px" in create(f"huggingface:{folder}").prepare(material(images)).name


def test_the_scale_is_that_of_the_image_processor(
    models: dict[str, Path], images: AnyArray, tmp_path: Path
) -> None:
    """Rescaling and normalisation can be off, and settings inside those of a processor go first."""
    folder = shutil.copytree(models["dino"], tmp_path / "model")
    file = folder / "preprocessor_config.json"

    def features(settings: JSON) -> FloatArray:
        file.write_text(json.dumps({"size": SIDE, **settings}))
        return create(f"huggingface:{folder}").prepare(material(images))(images)

    plain = features({"do_normalize": False})
    wide = {"do_rescale": False, "image_mean": [0, 0, 0], "image_std": [255, 255, 255]}
    np.testing.assert_allclose(features(wide), plain, atol=1e-4)
    halved = features({"rescale_factor": 1 / 510, "do_normalize": False})
    assert np.abs(halved - plain).max() > 1e-3
    nested = {"image_processor": {"size": SIDE, "do_normalize": False}}
    (folder / "processor_config.json").write_text(json.dumps(nested))
    np.testing.assert_allclose(features({"image_mean": MEAN, "image_std": STD}), plain, atol=1e-6)


@pytest.mark.parametrize(
    ("processor", "message"),
    [
        ({"size": SIDE}, "does not say how images are prepared"),
        ({"size": SIDE, "image_mean": MEAN, "image_std": [0, 0, 0]}, "does not say how"),
        ({"size": SIDE, "image_mean": [1, 2], "image_std": STD}, "does not say how"),
        ([1], "expected an object"),
    ],
)
def test_a_preprocessing_that_is_not_clear_is_refused(
    models: dict[str, Path], tmp_path: Path, images: AnyArray, processor: JSON, message: str
) -> None:
    """Nothing is guessed: without mean and standard deviation features would be silently wrong."""
    folder = shutil.copytree(models["dino"], tmp_path / "model")
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    with pytest.raises(LoadError, match=message):
        create(f"huggingface:{folder}").prepare(material(images))


@pytest.mark.parametrize("lost", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_folder_without_a_model_is_refused(
    models: dict[str, Path], tmp_path: Path, images: AnyArray, lost: str
) -> None:
    """Each file that a model needs is asked for, with what writes it."""
    folder = shutil.copytree(models["dino"], tmp_path / "model")
    (folder / lost).unlink()
    with pytest.raises(LoadError, match=r"holds no|has no preprocessor") as caught:
        create(f"huggingface:{folder}").prepare(material(images))
    assert caught.value.hint


def test_damaged_and_incomplete_files_are_refused(
    models: dict[str, Path], tmp_path: Path, images: AnyArray
) -> None:
    """Weights that are lacking or cut short are a message, never random numbers or a traceback."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(models["dino"], tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["layernorm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(LoadError, match=r"lacks 1 weights .* layernorm\.weight"):
        create(f"huggingface:{folder}").prepare(material(images))
    content = (models["dino"] / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:500])
    with pytest.raises(LoadError, match="could not be loaded"):
        create(f"huggingface:{folder}").prepare(material(images))
    (folder / "config.json").write_text("{")
    with pytest.raises(LoadError, match="not JSON"):
        create(f"huggingface:{folder}").prepare(material(images))


def test_code_that_comes_with_a_model_is_not_run(
    models: dict[str, Path], tmp_path: Path, images: AnyArray
) -> None:
    """A configuration that points to a file of code beside it is refused, and that is not run."""
    folder = shutil.copytree(models["dino"], tmp_path / "model")
    (folder / "evil.py").write_text("raise SystemExit('this code was run')\n")
    config = {"model_type": "unknown", "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(LoadError, match="could not be loaded"):
        create(f"huggingface:{folder}").prepare(material(images))


def test_models_that_do_not_look_at_images_are_refused(
    models: dict[str, Path], images: AnyArray
) -> None:
    """A model of text, and one that hides parts of the image at random, are no views."""
    with pytest.raises(LoadError, match="BertModel, which does not look at images"):
        create(f"huggingface:{models['words']}").prepare(material(images))
    with pytest.raises(LoadError, match="something else each time"):
        create(f"huggingface:{models['masked']}").prepare(material(images))


def test_other_samples_are_refused(models: dict[str, Path]) -> None:
    """Vectors, and images with two channels, cannot be looked at."""
    embedder = create(f"huggingface:{models['dino']}")
    with pytest.raises(ShapeError, match="looks at images"):
        embedder.prepare(material(np.zeros((4, 7), dtype=np.float32)))
    with pytest.raises(ShapeError, match="2 channels"):
        embedder.prepare(material(np.zeros((4, 2, 8, 8), dtype=np.uint8)))


def test_a_size_that_a_model_cannot_take_is_a_message(
    models: dict[str, Path], tmp_path: Path, images: AnyArray
) -> None:
    """CLIP is built for one size: another in its preprocessing fails with the reason."""
    folder = shutil.copytree(models["clip"], tmp_path / "model")
    (folder / "preprocessor_config.json").write_text(json.dumps({**PROCESSOR, "crop_size": 56}))
    with pytest.raises(ShapeError, match="the CLIPModel failed"):
        create(f"huggingface:{folder}").prepare(material(images))


def test_the_argument_is_all_that_follows_the_first_colon() -> None:
    """Names with an owner and paths with a colon arrive whole."""
    for source in ("facebook/dinov2-base", "C:/models/dino"):
        assert create(f"huggingface:{source}") == HuggingFace(source)


@pytest.mark.parametrize("source", ["/nowhere/model", "./model", "a/b/c", "../x"])
def test_a_missing_folder_is_not_looked_up_on_the_hub(source: str, images: AnyArray) -> None:
    """What can only be a path is reported as a folder that is not there."""
    with pytest.raises(LoadError, match=f"there is no folder {source}"):
        create(f"huggingface:{source}").prepare(material(images))


@pytest.fixture
def hub_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Switch the hub off, and point its cache to an empty folder."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_a_name_without_a_network_is_one_message(hub_cache: Path, images: AnyArray) -> None:
    """A model that is neither cached nor to be had is an error that names the way out."""
    with pytest.raises(LoadError, match="owner/tiny is no folder, and the hub") as caught:
        create("huggingface:owner/tiny").prepare(material(images))
    assert "give a folder" in str(caught.value.hint)


def test_a_name_is_found_in_the_cache_of_the_hub(
    hub_cache: Path, models: dict[str, Path], images: AnyArray
) -> None:
    """A model that was downloaded before needs no network, and equals its folder."""
    stored = hub_cache / "models--owner--tiny"
    (stored / "refs").mkdir(parents=True)
    (stored / "refs" / "main").write_text("0" * 40)
    shutil.copytree(models["dino"], stored / "snapshots" / ("0" * 40))
    view = create("huggingface:owner/tiny").prepare(material(images))
    assert view.name == "huggingface:owner/tiny (28x28 px, pooler_output)"
    assert view.sha256 == create(f"huggingface:{models['dino']}").prepare(material(images)).sha256


def test_without_the_extra_there_is_one_message(
    monkeypatch: pytest.MonkeyPatch, images: AnyArray
) -> None:
    """Where the package transformers is not installed, the message names the extra."""
    for module in ("transformers", "transformers.utils"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LoadError, match="needs the package transformers") as caught:
        create("huggingface:facebook/dinov2-base").prepare(material(images))
    assert "gancheck[hf]" in str(caught.value.hint)


def test_nothing_is_printed(models: dict[str, Path]) -> None:
    """Loading a model whose file does not fit exactly leaves stdout and stderr alone."""
    code = (
        "import sys, warnings\n"
        "import numpy as np\n"
        "from gancheck.embedders import Material, create\n"
        "from gancheck.types import SampleSet\n"
        "images = np.zeros((3, 3, 8, 8), dtype=np.uint8)\n"
        "view = create('huggingface:' + sys.argv[1])\n"
        "view.prepare(Material(SampleSet(images, '', ''), None, None))(images)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(models["classifier"])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
