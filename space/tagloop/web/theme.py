"""How the Space looks: paper, ink and one green, light and dark; system fonts, nothing fetched."""

from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent
STYLES = [_HERE / "style.css", *sorted((_HERE / "tabs").glob("*/*.css"))]
"""What all of the page has, and what single tabs have."""

# Pine green: calm on paper, and 4.5:1 or better against both backgrounds where it carries text.
PINE = gr.themes.Color(
    c50="#eef6f2",
    c100="#d8eae2",
    c200="#b3d6c6",
    c300="#86bda5",
    c400="#559c80",
    c500="#2f7d61",
    c600="#21664e",
    c700="#1b5240",
    c800="#173f33",
    c900="#122f27",
    c950="#0a1d18",
    name="pine",
)
# Warm greys: paper on one end, ink on the other.
PAPER = gr.themes.Color(
    c50="#faf8f4",
    c100="#f3f0e9",
    c200="#e5e0d5",
    c300="#d0c9ba",
    c400="#a39c8d",
    c500="#77716a",
    c600="#5b5751",
    c700="#42403c",
    c800="#2a2a28",
    c900="#1d1e1d",
    c950="#141514",
    name="paper",
)
SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def space_theme() -> gr.themes.Base:
    """Returns the theme."""
    theme = gr.themes.Base(
        primary_hue=PINE,
        secondary_hue=PINE,
        neutral_hue=PAPER,
        radius_size=gr.themes.sizes.radius_md,
        font=SANS,
        font_mono=MONO,
    )
    return theme.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_title_text_weight="600",
        input_border_width="1px",
        input_background_fill="#ffffff",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_500",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="*primary_50",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_secondary_text_color="*neutral_800",
        button_secondary_text_color_dark="*neutral_100",
        button_large_text_weight="600",
        checkbox_label_background_fill="*neutral_100",
        checkbox_label_background_fill_dark="*neutral_700",
        slider_color="*primary_500",
        slider_color_dark="*primary_400",
    )
