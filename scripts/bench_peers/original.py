"""The original's way: Flask's own server, a pickle, and 44 posted numbers a row."""

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
from flask import Flask, Response, jsonify, request


def application(build: Path) -> Flask:
    """One view, on the model of a build."""
    app = Flask(__name__)
    booster = pickle.loads((build / "model.pkl").read_bytes())

    @app.post("/")
    def predict() -> Response:
        rows = request.get_json()["input"]
        # What XGBRegressor.predict does, which would need scikit-learn.
        predicted = booster.inplace_predict(np.array(rows))
        return jsonify({"parameters": rows, "resultado": predicted.tolist()})

    return app


def main() -> None:
    """Serve the build that SALES_ARTIFACTS serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    build = Path(os.environ["SALES_ARTIFACTS"]) / "current"
    application(build).run("127.0.0.1", parser.parse_args().port)


if __name__ == "__main__":
    main()
