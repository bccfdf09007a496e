diff openshift=../read/openshift/list.yml openshift=../read/openshift/list.yml
