"""Tell which digits a generator draws, with a small classifier trained for the purpose.

Run ``python examples/mnist/judge.py --data mnist.npz`` to train the classifier and print, for the
two shipped generators and for the real test digits, the share of each digit, the share of pictures
the classifier is at least 95 % sure of, and the classifier's accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from generator import Generator
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
SAMPLES = 10_000


def load(path: Path) -> dict[str, Tensor]:
    """Read the digits as pictures in [-1, 1] of shape (N, 1, 28, 28), with their labels."""
    with np.load(path) as arrays:
        return {
            "train": torch.from_numpy(arrays["X"]).unsqueeze(1).float() / 127.5 - 1,
            "train_labels": torch.from_numpy(arrays["y"]).long(),
            "test": torch.from_numpy(arrays["Xt"]).unsqueeze(1).float() / 127.5 - 1,
            "test_labels": torch.from_numpy(arrays["yt"]).long(),
        }


def train_classifier(images: Tensor, labels: Tensor, epochs: int = 2, seed: int = 1) -> nn.Module:
    """Train a small convolutional classifier of the ten digits."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 4, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 49, 128),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(images)), 128):
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(images[batch]), labels[batch])
            torch.autograd.backward(loss)
            optimizer.step()
    return network.eval()


@torch.no_grad()
def classify(network: nn.Module, images: Tensor) -> Tensor:
    """Return the probability of each digit for each picture."""
    return torch.cat([network(part).softmax(dim=1) for part in torch.split(images, 500)])


@torch.no_grad()
def draw(generator: nn.Module, count: int = SAMPLES, seed: int = 5) -> Tensor:
    """Draw pictures from a generator in eval mode."""
    latents = torch.randn(count, 32, 1, 1, generator=torch.Generator().manual_seed(seed))
    return torch.cat([generator(part) for part in torch.split(latents, 500)])


def describe(probabilities: Tensor) -> str:
    """Write the share of each digit and the share of sure verdicts in a line."""
    best = probabilities.max(dim=1)
    shares = torch.bincount(best.indices, minlength=10) / len(probabilities)
    digits = "  ".join(f"{digit}: {share:5.1%}" for digit, share in enumerate(shares.tolist()))
    return f"{digits}  sure: {float((best.values >= 0.95).float().mean()):.1%}"


def main() -> None:
    """Train the classifier and judge the shipped generators."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="an npz file with X, y, Xt, yt")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the generators lie")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    digits = load(arguments.data)
    network = train_classifier(digits["train"], digits["train_labels"])
    real = classify(network, digits["test"])
    accuracy = float((real.argmax(dim=1) == digits["test_labels"]).float().mean())
    print(f"accuracy on the test digits: {accuracy:.2%}")
    print(f"test digits  {describe(real)}")
    for name in ("healthy", "collapsed"):
        generator = Generator()
        generator.load_state_dict(torch.load(arguments.folder / f"mnist_{name}.pth"))
        print(f"{name:11}  {describe(classify(network, draw(generator.eval())))}")


if __name__ == "__main__":
    main()
