import nftables kinds/pf.conf
