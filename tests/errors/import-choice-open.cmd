import openshift ../read/openshift/list.yml
