"""The training loop shared by all networks: schedule, averaged weights, checkpoints, progress."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from .config import Config, git_hash

Objective = Callable[[nn.Module, object, Config], tuple[Tensor, dict[str, float]]]
Source = Callable[[int], Iterator[object]]


def save_atomically(value: dict, path: Path) -> None:
    """Writes beside the target and renames, so that a killed run leaves the previous file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    torch.save(value, part)
    os.replace(part, path)


def load_checkpoint(path: Path, device: str = "cpu") -> dict:
    """A checkpoint: network, average, optimizer, config, step, seconds, history, git."""
    return torch.load(path, map_location=device)


def rate_at(config: Config, step: int, share: float) -> float:
    """Learning rate: linear warm-up, then a cosine over the share of the schedule that is over."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    return config.learning_rate * min(1.0, (step + 1) / config.warmup_steps) * (
        cosine * (1 - config.final_rate) + config.final_rate
    )


class Trainer:
    """Trains one network until its schedule is over; can go on from its checkpoint at any time."""

    def __init__(self, net: nn.Module, config: Config, objective: Objective, source: Source, path: Path):
        self._net = net.to(config.device)
        self._average = copy.deepcopy(self._net).eval()
        self._config = config
        self._objective = objective
        self._source = source
        self._path = path
        self._optimizer = torch.optim.AdamW(
            net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step = 0
        self.seconds = 0.0
        self.history: list[dict] = []

    def resume(self, checkpoint: dict, restart_schedule: bool) -> None:
        """Takes over weights and state; with `restart_schedule` the clock starts again (a new cosine)."""
        self._net.load_state_dict(checkpoint["network"])
        self._average.load_state_dict(checkpoint["average"])
        self.step, self.history = checkpoint["step"], checkpoint["history"]
        if restart_schedule:
            self._net.load_state_dict(checkpoint["average"])
        else:
            self._optimizer.load_state_dict(checkpoint["optimizer"])
            self.seconds = checkpoint["seconds"]

    def save(self) -> None:
        """Writes the checkpoint."""
        save_atomically(
            {
                "network": self._net.state_dict(),
                "average": self._average.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "config": self._config.to_dict(),
                "step": self.step,
                "seconds": self.seconds,
                "history": self.history,
                "git": git_hash(),
            },
            self._path,
        )

    def run(self) -> None:
        """Trains to the end of the schedule or of max_steps."""
        config = self._config
        torch.manual_seed(config.seed + self.step)
        batches = self._source(self.step)
        sums: dict[str, float] = {}
        counted = 0
        first_step, waited = self.step, 0.0
        begun = last = saved = time.monotonic()
        while True:
            share = self.seconds / (60 * config.minutes)
            if share >= 1 or (config.max_steps and self.step - first_step >= config.max_steps):
                break
            for group in self._optimizer.param_groups:
                group["lr"] = rate_at(config, self.step - first_step, share)
            before = time.monotonic()
            batch = next(batches)
            waited += time.monotonic() - before
            figures = self._one_step(batch, share)
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + value
            counted += 1
            now = time.monotonic()
            # A paused process (SIGSTOP) must not use up its schedule.
            self.seconds += min(now - last, 30.0)
            last = now
            if self.step % config.log_steps == 0:
                means = {name: round(value / counted, 4) for name, value in sums.items()}
                self._report(means, (now - begun) / (self.step - first_step), waited / (self.step - first_step))
                sums, counted = {}, 0
            if now - saved > 60 * config.checkpoint_minutes:
                self.save()
                saved = now
        self.save()

    def _one_step(self, batch: object, share: float) -> dict[str, float]:
        config = self._config
        self._net.train()
        if share >= config.freeze_norm_at:
            for module in self._net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        loss, figures = self._objective(self._net, batch, config)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), config.clip_norm)
        self._optimizer.step()
        self.step += 1
        self._update_average()
        return {"loss": float(loss.detach()), **figures}

    def _update_average(self) -> None:
        # A young average follows fast, or the random start would stay in it for hundreds of steps.
        decay = min(self._config.average_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mine, new in zip(self._average.state_dict().values(), self._net.state_dict().values()):
                if mine.dtype.is_floating_point:
                    mine.lerp_(new, 1 - decay)
                else:
                    mine.copy_(new)

    def _report(self, means: dict[str, float], per_step: float, waited: float) -> None:
        left = max(0.0, self._config.minutes - self.seconds / 60)
        entry = {"step": self.step, "minutes": round(self.seconds / 60, 2), **means}
        self.history.append(entry)
        text = json.dumps({**entry, "s_per_step": round(per_step, 3), "waited": round(waited, 3)})
        print(f"{text} {left:.1f} min left", flush=True)
