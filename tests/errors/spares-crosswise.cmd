render spares-crosswise.yaml -t nftables
