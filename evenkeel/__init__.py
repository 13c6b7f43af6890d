"""Evenkeel runs intravenous ketamine therapy in a clinic: record, rules and pharmacology in one."""
