policy.yml policy.terms.yml
