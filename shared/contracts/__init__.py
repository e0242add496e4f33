"""The written contracts: a JSON Schema of every event, one AsyncAPI document, and what may change in them.

``python -m shared.contracts write`` generates them from the models, ``check`` fails on drift and on an
incompatible change, ``release`` makes the present schemas the baseline that later ones are held against.
"""
