verify kinds/asa.cfg kinds/web.policy -t asa
