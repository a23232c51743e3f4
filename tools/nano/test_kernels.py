"""The fused kernels agree with the plain composition."""
import unittest

try:
    import torch
except ImportError as missing:
    raise unittest.SkipTest(f"needs {missing.name}")
from kernels import Fused, Plain
from transformer import CONFIG, FluxTransformer


def outputs_and_gradient(model, dtype, operations):
    """One forward and backward pass on fixed inputs with a reference image."""
    torch.manual_seed(1)
    img, reference, txt = torch.randn(3, 64, 64), torch.randn(3, 64, 64), torch.randn(3, 17, CONFIG["context"])
    t, pooled = torch.rand(3), torch.randn(3, CONFIG["pooled"])
    model = model.to(dtype).use(operations)
    model.zero_grad()
    out = model(img, t, txt, pooled, reference).float()
    (out * torch.randn_like(out)).sum().backward()
    gradient = torch.cat([parameter.grad.float().flatten() for parameter in model.parameters()])
    return out.detach().flatten(), gradient


class FusedKernels(unittest.TestCase):
    def test_agree_with_the_plain_operations_forward_and_backward(self):
        torch.manual_seed(0)
        model = FluxTransformer()
        for parameter in model.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
        exact = outputs_and_gradient(model, torch.float32, Plain)
        rounded = outputs_and_gradient(model, torch.bfloat16, Plain)
        fused = outputs_and_gradient(model, torch.bfloat16, Fused)
        for name, want, plain, got in zip(("output", "gradient"), exact, rounded, fused):
            allowed = 1.5 * (plain - want).norm() / want.norm()
            error = (got - want).norm() / want.norm()
            self.assertLess(error, allowed, f"{name}: relative error {error:.4f}, plain bfloat16 has {allowed / 1.5:.4f}")


if __name__ == "__main__":
    unittest.main()
