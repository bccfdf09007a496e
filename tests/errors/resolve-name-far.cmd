resolve render.yaml nothing.at.all.test --server 127.0.0.1:9
