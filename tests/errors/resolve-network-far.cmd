resolve render.yaml --network nowhere-at-all --server 127.0.0.1:9
