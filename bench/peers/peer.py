"""A program that weyl compares itself with: PyTorch doing the same work, timed in turn with weyl.

    peer.py train --model egnn --batch 100 --threads 1 [--compile] [--bodies 5] [--layout contiguous]
                  [key=value ...]
    peer.py conv --threads 1
    peer.py tp --threads 1
    peer.py edge --threads 1
    peer.py sh --threads 1
    peer.py many --threads 1
    peer.py signals|studies|noether --threads 1

Speaks lines on standard input and output.  Each answer is one line of JSON:
    (start)                {"name", "version", "threads", and for train "parameters"}
    run SECONDS            {"cpu": [...], "wall": [...]}: seconds of each step run in that time
    case WORD...           (conv, tp, edge, sh, many, signals, studies, noether) what `run` times from here on; answers with what there is to say of it
    quit                   ends
A failure is {"error": "..."} and the end.
"""
import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def points_task(args, options):
    """A point model, and its loss on one batch."""
    import torch

    import graphs

    if args.model == "fa-gnn":
        options["bodies"] = args.bodies
    if args.model == "segnn":
        from segnn import SEGNN as of_model
    else:
        of_model = graphs.MODELS[args.model]
    model = of_model(**options)
    inputs, target = graphs.nbody(args.batch, args.bodies)
    return model, lambda: torch.nn.functional.mse_loss(model(*inputs), target)


def motion_task(args, options):
    import motion

    model = motion.MODELS[args.model](**options)
    batch = motion.springs(args.batch, args.bodies)
    return model, lambda: motion.loss(model, batch)


def images_task(args, options):
    import torch

    import images

    model = images.MODELS[args.model](**options).to(memory_format=images.LAYOUTS[args.layout])
    x, label = images.cifar(args.batch, args.layout)
    return model, lambda: torch.nn.functional.cross_entropy(model(x), label)


def trainer(args):
    """One training step of args.model as a function, and the number of parameters."""
    import torch

    import graphs
    import images
    import motion

    tasks = {**dict.fromkeys([*graphs.MODELS, "segnn"], points_task), **dict.fromkeys(motion.MODELS, motion_task),
             **dict.fromkeys(images.MODELS, images_task)}
    if args.model not in tasks:
        raise ValueError(f"no model {args.model}: there are {', '.join(tasks)}")
    torch.manual_seed(1)
    options = dict(pair.split("=", 1) for pair in args.options)
    model, loss_of = tasks[args.model](args, {key: int(value) for key, value in options.items()})
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=1e-12, fused=not args.plain_adam)
    if args.compile:
        loss_of = torch.compile(loss_of, dynamic=False)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss_of().backward()
        optimiser.step()

    return step, {"parameters": sum(p.numel() for p in model.parameters())}


def timed(step, seconds):
    """The first step of a turn brings the caches back and is not counted."""
    step()
    cpu, wall = [], []
    end = time.perf_counter() + seconds
    while True:
        c, w = time.process_time(), time.perf_counter()
        step()
        c, w = time.process_time() - c, time.perf_counter() - w
        cpu.append(c)
        wall.append(w)
        if time.perf_counter() >= end:
            return {"cpu": cpu, "wall": wall}


def main():
    # libraries that print do so on standard error
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")

    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["train", "conv", "tp", "edge", "sh", "many", "signals", "studies", "noether"])
    parser.add_argument("--model")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--bodies", type=int, default=5)
    parser.add_argument("--layout", default="channels_last", choices=["channels_last", "contiguous"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--plain-adam", action="store_true", help="Adam tensor by tensor instead of fused")
    parser.add_argument("options", nargs="*")
    args = parser.parse_intermixed_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)  # of libraries that are no part of torch
    try:
        import torch

        torch.set_num_threads(args.threads)
        torch.set_num_interop_threads(1)
        torch.set_flush_denormal(True)
        cases, name, version = None, "torch", torch.__version__
        if args.what == "train":
            step, about = trainer(args)
            for _ in range(5):
                step()
        elif args.what == "sh":
            import harmonics

            cases, step, about = harmonics.case, None, {"name": "sphericart", "version": harmonics.versions()}
        elif args.what == "many":
            from importlib.metadata import version as version_of

            import many_mace

            cases, step, about = many_mace.case, None, {}
            name, version = "mace-torch", f"{version_of('mace-torch')} (torch {torch.__version__})"
        elif args.what in ("signals", "studies"):
            import numpy
            import scipy

            import signals
            import studies

            cases = studies.case if args.what == "studies" else signals.case
            step, about = None, {"name": "scipy",
                                                      "version": f"{scipy.__version__}, numpy {numpy.__version__}"}
        elif args.what == "noether":
            import noether
            import sympy

            cases, step, about = noether.case, None, {"name": "sympy", "version": sympy.__version__}
        elif args.what == "conv":
            import images

            cases, step, about = images.case, None, {}
        else:
            import e3nn

            import edge_e3nn
            import tp_e3nn

            cases, step, about = (tp_e3nn if args.what == "tp" else edge_e3nn).case, None, {}
            name, version = "e3nn", f"{e3nn.__version__} (torch {torch.__version__})"
        say({"name": name + ("-compile" if args.compile else ""), "version": version,
             "threads": torch.get_num_threads(), **about})
        for line in sys.stdin:
            words = line.split()
            if words[:1] == ["quit"]:
                return
            if words[:1] == ["run"] and len(words) == 2 and step:
                say(timed(step, float(words[1])))
            elif words[:1] == ["case"] and cases:
                step, about = cases(words[1:])
                step()
                say(about)
            else:
                raise ValueError(f"no such request: {line.strip()}")
    except Exception as error:  # the other side sees it as a sentence
        say({"error": f"{type(error).__name__}: {error}"})
        sys.exit(1)


if __name__ == "__main__":
    main()
