"""Loaders of YAML: libyaml's where Python has them, which take a tenth of the time."""
import yaml

VALUES = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TEXTS = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays a text
