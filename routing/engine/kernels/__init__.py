"""Loop over arrays, compiled: numba infers the types, and typed functions of the engine call.

A compiled function calls only others of its own file: what is kept on disk goes by the file.
"""
