render spares-cilium.yaml -t cilium
