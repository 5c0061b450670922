"""The obvious rewrite: two ids looked up, and `inplace_predict` of one row."""

import os
import pickle
from pathlib import Path

import numpy as np
from flask import Flask, Response, jsonify, request

from bench_peers.floor import serve
from feature_store.lookup import Store


def application() -> Flask:
    """One view, on the build that SALES_ARTIFACTS serves."""
    app = Flask(__name__)
    build = Path(os.environ["SALES_ARTIFACTS"]) / "current"
    store = Store(build / "vectors")
    booster = pickle.loads((build / "model.pkl").read_bytes())
    booster.set_param({"nthread": 1})

    @app.post("/")
    def predict() -> Response:
        asked = request.get_json()
        position = store.position(asked["shop_id"], asked["item_id"])
        vector = store.vector(position)
        predicted = booster.inplace_predict(vector[np.newaxis])[0]
        return jsonify({**asked, "prediction": float(predicted)})

    return app


if __name__ == "__main__":
    serve("bench_peers.inplace:application")
