import openshift kinds/asa.cfg
