"""What all trainers share: bf16 weights with f32 masters, Muon and AdamW, the moving average, and a loop that can be killed.

The loop is bounded by time: the learning rate warms up, holds, and falls to zero over the last part of the minutes given.
"""
import os
import time

import torch

WARM_STEPS = 30
SAVE_SECONDS = 60


def orthogonal(matrix):
    """Nearest matrix with singular values near one (Muon's five Newton-Schulz steps)."""
    x = matrix.bfloat16()
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.T
    x = x / (x.float().norm() + 1e-7).bfloat16()
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return (x if wide else x.T).float()


class Optimiser:
    """AdamW for all parameters, Muon for those that `is_muon(name)` picks; keeps f32 masters and their moving average."""

    def __init__(self, parameters, adam_rate, muon_rate=0.02, is_muon=lambda name: False, rate_of=lambda name: 1.0, average=0.99):
        self.names = [name for name, _ in parameters]
        self.parameters = [parameter for _, parameter in parameters]
        self.muon = [parameter.ndim == 2 and is_muon(name) for name, parameter in parameters]
        self.rates = [(muon_rate if muon else adam_rate) * rate_of(name) for name, muon in zip(self.names, self.muon)]
        self.masters = [parameter.detach().float().clone() for parameter in self.parameters]
        self.first = [torch.zeros_like(master) for master in self.masters]
        self.second = [torch.zeros_like(master) for master in self.masters]
        self.averages = [master.clone() for master in self.masters]
        self.average, self.steps = average, 0

    @torch.no_grad()
    def step(self, factor):
        """One update from the gradients, at `factor` times the full rate."""
        self.steps += 1
        keep = min(self.average, 1 - 1 / (self.steps * 0.2 + 1))
        for i, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                (self.muon_update if self.muon[i] else self.adam_update)(i, parameter.grad.float(), self.rates[i] * factor)
                parameter.grad = None
            self.averages[i].lerp_(self.masters[i], 1 - keep)
            parameter.copy_(self.masters[i])

    def muon_update(self, i, gradient, rate):
        momentum = self.first[i].mul_(0.95).add_(gradient)
        update = orthogonal(gradient.add(momentum, alpha=0.95)) * max(1, gradient.shape[0] / gradient.shape[1]) ** 0.5
        self.masters[i].mul_(1 - rate * 0.01).add_(update, alpha=-rate)

    def adam_update(self, i, gradient, rate):
        self.first[i].lerp_(gradient, 0.1)
        self.second[i].lerp_(gradient * gradient, 0.01)
        root = (self.second[i] / (1 - 0.99 ** self.steps)).sqrt_().add_(1e-8)
        self.masters[i].addcdiv_(self.first[i] / (1 - 0.9 ** self.steps), root, value=-rate)

    def state(self):
        return dict(names=self.names, masters=self.masters, first=self.first, second=self.second, averages=self.averages, steps=self.steps)

    @torch.no_grad()
    def load_state(self, state):
        assert state["names"] == self.names, "the saved state belongs to another model"
        self.steps = state["steps"]
        for key in ("masters", "first", "second", "averages"):
            for mine, saved in zip(getattr(self, key), state[key]):
                mine.copy_(saved)
        for parameter, master in zip(self.parameters, self.masters):
            parameter.copy_(master)

    @torch.no_grad()
    def start_from(self, weights):
        """Takes {name: tensor} as the start; parameters that it lacks keep their own."""
        for i, name in enumerate(self.names):
            if name in weights:
                for mine in (self.masters[i], self.averages[i], self.parameters[i]):
                    mine.copy_(weights[name])

    def averaged(self):
        """The moving average as {name: tensor}."""
        return dict(zip(self.names, self.averages))


def write_atomically(value, path):
    torch.save(value, path + ".part")
    os.replace(path + ".part", path)


def rate_factor(steps, progress, hold):
    """Warm-up, then full rate up to `hold` of the time, then down to zero."""
    return min(1, (steps + 1) / WARM_STEPS) * min(1, (1 - progress) / (1 - hold))


class Meter:
    """Running means for the log."""

    def __init__(self):
        self.values = {}

    def add(self, **values):
        for name, value in values.items():
            if value == value:
                self.values[name] = value if name not in self.values else self.values[name] * 0.97 + 0.03 * value

    def __str__(self):
        return " ".join(f"{name} {value:.4f}" for name, value in self.values.items())


def run(path, optimiser, minutes, step, hold=0.4, log_every=100, report=None, extra=None):
    """Calls `step(progress, meter)` -> loss until the time is up; saves to `path` and goes on from there when it exists, or
    starts from its weights where it holds nothing else (see `resume.py`).

    The saved file holds the optimiser's state, seconds trained, and `weights`: the averages by name. `extra` is a dict of
    counters that the step function keeps; it is saved too.
    """
    meter, spent, extra = Meter(), 0.0, extra if extra is not None else {}
    if os.path.exists(path):
        saved = torch.load(path)
        if "optimiser" in saved:
            optimiser.load_state(saved["optimiser"])
            spent = saved["seconds"]
            extra.update(saved["extra"])
            print(f"going on after {spent:.0f} s, {optimiser.steps} steps", flush=True)
        else:
            optimiser.start_from(saved["weights"])
            print("starting from the weights of a checkpoint", flush=True)

    def save():
        write_atomically(dict(optimiser=optimiser.state(), weights=optimiser.averaged(), seconds=spent, extra=extra), path)

    last = saved_at = time.time()
    while spent < minutes * 60:
        progress = spent / (minutes * 60)
        step(progress, meter).backward()
        optimiser.step(rate_factor(optimiser.steps, progress, hold))
        now = time.time()
        spent, last = spent + now - last, now
        if optimiser.steps % log_every == 0:
            print(f"step {optimiser.steps} seconds {spent:.0f} {extra or ''} {meter}", flush=True)
        if now - saved_at > SAVE_SECONDS:
            save()
            if report:
                report(spent)
            saved_at = last = time.time()
    save()
    print(f"done: {optimiser.steps} steps, {spent:.0f} s, {meter}", flush=True)
