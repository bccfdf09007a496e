resolve render.yaml --in-flight 0 --server 127.0.0.1:9
