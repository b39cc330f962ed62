"""Convolutions of images in PyTorch: forward, and the gradient by data or by weights, in either layout."""
import torch

LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def case(words):
    """BATCH SIZE IN OUT KERNEL STRIDE forward|data|weight channels_last|contiguous: a step that does it once."""
    batch, size, n_in, n_out, kernel, stride = map(int, words[:6])
    layout = LAYOUTS[words[7]]
    out = (size + stride - 1) // stride
    x = torch.randn(batch, n_in, size, size).to(memory_format=layout)
    w = torch.randn(n_out, n_in, kernel, kernel).to(memory_format=layout)
    dy = torch.randn(batch, n_out, out, out).to(memory_format=layout)
    padding = kernel // 2

    def forward():
        with torch.no_grad():
            torch.nn.functional.conv2d(x, w, stride=stride, padding=padding)

    def backward(mask):
        torch.ops.aten.convolution_backward(dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, mask)

    steps = {
        "forward": forward,
        "data": lambda: backward([True, False, False]),
        "weight": lambda: backward([False, True, False]),
    }
    return steps[words[6]], {"flops": 2 * batch * out * out * n_out * n_in * kernel * kernel}
