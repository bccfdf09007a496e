import cisco-asa kinds/asa.cfg.gz
