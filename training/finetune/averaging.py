"""The mean of a model's weights over the last epochs, which tags better than the last one's.

Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization" (UAI
2018). With a few dozen validation articles the best of many epochs is a lucky one; the mean of the
last ones needs no choice.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

FILE = "average.safetensors"
_COUNT = "averaged"


class WeightAverage:
    """A running mean of those weights that train.

    Attributes:
        count: How many looks at the model are in the mean.
    """

    def __init__(self) -> None:
        """Begins with none."""
        self.count = 0
        self._mean: dict[str, torch.Tensor] = {}

    @torch.no_grad()
    def add(self, model: torch.nn.Module) -> None:
        """Takes in the model's weights as they are now."""
        self.count += 1
        for name, weight in model.named_parameters():
            if not weight.requires_grad:
                continue
            if self.count == 1:
                self._mean[name] = weight.detach().float().clone()
            else:
                self._mean[name].lerp_(weight.float(), 1 / self.count)

    @torch.no_grad()
    def put_into(self, model: torch.nn.Module) -> None:
        """Gives the model the mean, if there is any."""
        for name, weight in model.named_parameters():
            if name in self._mean:
                weight.copy_(self._mean[name])

    def save(self, folder: Path) -> None:
        """Writes the mean into a checkpoint's folder, if there is any."""
        if self.count:
            save_file(self._mean | {_COUNT: torch.tensor(self.count)}, folder / FILE)

    def load(self, folder: Path, device: torch.device) -> None:
        """Reads what ``save`` wrote; without a file the mean begins anew."""
        self.__init__()  # type: ignore[misc]
        if (folder / FILE).is_file():
            self._mean = load_file(folder / FILE, device=str(device))
            self.count = int(self._mean.pop(_COUNT))
