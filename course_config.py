"""The course: values only. Deadlines are in `timezone`; limits hold for one test or one cell."""

course_id = "pytorch-intro"
title = {"en": "Introduction to PyTorch", "ru": "Введение в PyTorch"}
languages = ("en", "ru")
timezone = "Europe/Moscow"
database = "sqlite:///gradebook/gradebook.db"

assignments = {
    "tensors": {
        "title": {"en": "Tensors", "ru": "Тензоры"},
        "points": {
            "creation": 1,
            "memory": 1.5,
            "indexing": 1.5,
            "reshape": 1.5,
            "joining": 1,
            "broadcasting": 1,
            "matmul": 1,
            "device": 1,
            "questions": 0.5,
        },
        "soft_deadline": "2027-02-07 23:59",
        "hard_deadline": "2027-02-13 23:59",
        "late_factor": 0.5,
        "feedback": "always",
        "limits": {"seconds": 10, "memory": "2GB"},
    },
    "autograd": {
        "title": {"en": "Autograd", "ru": "Автоматическое дифференцирование"},
        "points": {
            "derivative": 1,
            "leaves": 1,
            "accumulation": 1.5,
            "vjp": 1,
            "no-grad": 1.5,
            "loop": 1,
            "function": 1,
            "backprop": 1.5,
            "questions": 0.5,
        },
        "soft_deadline": "2027-02-21 23:59",
        "hard_deadline": "2027-02-27 23:59",
        "late_factor": 0.5,
        "feedback": "always",
        "limits": {"seconds": 10, "memory": "2GB"},
    },
    "linear-models": {
        "title": {"en": "Linear models", "ru": "Линейные модели"},
        "points": {
            "mse-gradient": 1.5,
            "descent": 1,
            "autograd-descent": 1,
            "optimizer": 2,
            "broadcast": 1,
            "layer": 1,
            "relu-network": 1,
            "step-size": 1,
            "explanation": 0.5,
        },
        "soft_deadline": "2027-02-28 23:59",
        "hard_deadline": "2027-03-06 23:59",
        "late_factor": 0.5,
        "feedback": "always",
        "limits": {"seconds": 10, "memory": "2GB"},
    },
    "intro": {
        "title": {"en": "Introduction to PyTorch", "ru": "Введение в PyTorch"},
        "points": {
            "sin2-cos2": 1,
            "gradient-descent": 2,
            "optimizer": 2,
            "probabilities": 1,
            "mnist-evaluate": 1,
            "mnist-train": 2,
            "plots": 0.5,
            "report": 0.5,
        },
        "soft_deadline": "2027-03-14 23:59",
        "hard_deadline": "2027-03-20 23:59",
        "late_factor": 0.5,
        "feedback": "always",
        "limits": {"seconds": 10, "memory": "2GB"},
    },
    "transfer": {
        "title": {"en": "Transfer learning", "ru": "Перенос обучения"},
        "points": {
            "head": 1,
            "parameters": 1.5,
            "train-epoch": 1.5,
            "evaluate": 1,
            "snapshot": 1,
            "fit": 1.5,
            "fine-tune": 1.5,
            "predictions": 0.5,
            "comparison": 0.5,
        },
        "soft_deadline": "2027-03-28 23:59",
        "hard_deadline": "2027-04-03 23:59",
        "late_factor": 0.5,
        "feedback": "always",
        "limits": {"seconds": 20, "memory": "2GB"},
    },
}
