"""Who gets in: what one visitor may ask for at a time, so that no visitor shuts the others out.

Everybody comes through `middleware` before gradio sees anything of him, and waits in `fair_queue`.
All limits are for a visitor as `tagloop.web.visitors` tells them apart. A class behind one address
is one visitor, so they allow what thirty people do by hand; what takes long is shared out by
turns among visitors, so that a crowd behind one address and a person behind another get the same.
"""
