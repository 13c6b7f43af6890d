"""Evenkeel runs intravenous ketamine therapy in a clinic: the record, the rules and the pharmacology in one."""
