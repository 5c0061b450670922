# Build:          docker build --tag=salespredictor .
# The demo:       docker run -p 4000:80 salespredictor
# Your own build: docker run -p 4000:80 -v "$PWD/artifacts:/app/artifacts:ro" salespredictor

FROM python:3.11-slim-bookworm AS environment
# The image's user may write nothing, so what runs there is compiled here.
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt ./
COPY scripts/_environment.py scripts/
# What is needed only to install, compile or test, by Arrow's RPC, or by what nothing here
# imports is left out: 200 MB. Of scipy, XGBoost imports `sparse`, and that `special`;
# ONNX Runtime's Python module holds its library once more; rich colours no code here.
RUN python3 scripts/_environment.py \
 && cd .venv/lib/python3.11/site-packages \
 && rm -rf pip pip-* setuptools setuptools-* pkg_resources \
      _distutils_hack distutils-precedence.pth \
      pyarrow/include pyarrow/src pyarrow/*flight* \
      onnxruntime/transformers onnxruntime/quantization onnxruntime/tools \
      onnxruntime/capi/libonnxruntime.so* pygments \
      scipy/cluster scipy/fft scipy/fftpack scipy/integrate scipy/interpolate scipy/io \
      scipy/ndimage scipy/optimize scipy/signal scipy/spatial scipy/stats \
 && find numpy pyarrow scipy -type d -name tests -prune -exec rm -rf {} + \
 && find . -name '*.py[xi]' -o -name '*.px[di]' -o -name '*.a' | xargs rm

FROM environment AS demo
COPY . .
# `.venv` has a layer of its own and goes, so that all the rest can be copied from here.
# The sales that the demo was built from go too. Whoever the container runs as may read
# what stays.
RUN scripts/serve --build-only \
 && rm -rf .venv .venv.lock artifacts/demo-data \
 && python3 -m compileall -qq feature_store model service scripts \
 && chmod -R a+rX .

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=environment /app/.venv .venv
COPY --from=demo /app .
USER 10001
EXPOSE 80
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s \
  CMD ["python3", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 80, timeout=2); c.request('GET', '/healthz'); exit(c.getresponse().status != 200)"]
CMD ["scripts/serve", "--host", "0.0.0.0", "--port", "80"]
