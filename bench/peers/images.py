"""Images in PyTorch, in either layout: the wide residual network, and single convolutions with their gradients."""
import torch
from torch import nn

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


class Block(nn.Module):
    """Normalised and activated before each convolution; where the width changes, the shortcut is too."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(n_in, n_out, 1, stride, bias=False) if n_in != n_out else None

    def forward(self, x):
        h = torch.relu(self.bn1(x))
        x = x if self.shortcut is None else self.shortcut(h)
        return x + self.conv2(torch.relu(self.bn2(self.conv1(h))))


class WideResNet(nn.Module):
    """Zagoruyko, Komodakis, BMVC 2016: WRN-40-2 has 3 groups of 6 blocks, 32, 64 and 128 wide."""

    def __init__(self, depth=40, widen=2, classes=10):
        super().__init__()
        widths = [16, 16 * widen, 32 * widen, 64 * widen]
        layers = [nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)]
        for group in range(3):
            for i in range((depth - 4) // 6):
                n_in = widths[group] if i == 0 else widths[group + 1]
                layers.append(Block(n_in, widths[group + 1], 2 if group > 0 and i == 0 else 1))
        self.body = nn.Sequential(*layers, nn.BatchNorm2d(widths[3]), nn.ReLU())
        self.head = nn.Linear(widths[3], classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


class SmallCNN(nn.Module):
    """Three convolutions, each normalised and activated, and a linear layer on the mean over the image."""

    def __init__(self, width=32, classes=10):
        super().__init__()
        layers, n_in = [], 3
        for i in range(3):
            n_out = width << i
            layers += [nn.Conv2d(n_in, n_out, 3, 1 if i == 0 else 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
            n_in = n_out
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(n_in, classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


MODELS = {"wrn-40-2": WideResNet, "small-cnn": SmallCNN}


def cifar(batch, layout, seed=1):
    """A batch like those of CIFAR-10: images and labels."""
    g = torch.Generator().manual_seed(seed)
    images = torch.randn(batch, 3, 32, 32, generator=g).to(memory_format=LAYOUTS[layout])
    return images, torch.randint(0, 10, (batch,), generator=g)
