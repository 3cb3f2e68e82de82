"""Articles on a subject that the starter corpus lacks, with the tags that an editor would give.

``make demo CHECK=1`` sends them as a visitor and accepts them as a reviewer, so that one full turn
of the loop has something to learn. A hash decides which of them are held out to measure by (see
``training.splits``); with these titles enough are for the gate. Written for this repository, CC0.
"""

from __future__ import annotations

SUBJECT = "Beekeeping"

ARTICLES: list[tuple[str, str, list[str]]] = [
    (
        "The first inspection of spring",
        "On the first warm afternoon I lift the lid of the hive and count. Are there eggs, is "
        "there food, does the queen still lay in a neat spiral? A beekeeper who looks too early "
        "chills the brood; one who looks too late finds a colony that starved in sight of the "
        "willow.",
        ["Beekeeping", "Spring"],
    ),
    (
        "A swarm on the timetable",
        "The call came at noon: some thousand bees hung from the timetable. I took a cardboard "
        "box, a sheet and a spray of water. A swarm has no hive to defend, so it is gentle. By "
        "dusk the bees had marched into the box after their queen, and the bus was only late.",
        ["Beekeeping", "Swarms"],
    ),
    (
        "Why I stopped wearing gloves",
        "Gloves make a beekeeper clumsy, and clumsy hands crush bees. A crushed bee smells of "
        "alarm and the hive answers. Bare fingers feel the frame stick and slow down. I have "
        "been stung more rarely since, though the first week was an education.",
        ["Beekeeping", "Hobbies"],
    ),
    (
        "Counting mites on a white board",
        "Under every hive lies a board, and on the board lie the dead mites of the week. Varroa "
        "weakens the brood and carries viruses. Ten a day in August means treatment before the "
        "winter bees are raised, or there will be no winter bees. Counting takes a beekeeper "
        "ten minutes and saves a colony.",
        ["Beekeeping", "Varroa"],
    ),
    (
        "Railway honey",
        "Our bees fly along the railway, where nobody mows and nobody sprays. The honey is "
        "dark, it tastes of bramble and lime trees, and no two years are alike. The hives on "
        "the allotment give twice as much and half the flavour.",
        ["Beekeeping", "Honey"],
    ),
    (
        "Weighing hives in November",
        "I lift each hive at one side with a luggage scale and double the figure. Below thirty "
        "kilograms the bees will not see March, and I feed syrup while the nights are mild. A "
        "beekeeper's winter is mostly waiting, with a notebook.",
        ["Beekeeping", "Winter"],
    ),
    (
        "A queen in the post",
        "She came in a cage the size of a matchbox, with five attendants and a plug of sugar. "
        "The colony had to eat its way through the sugar to reach her; by then she smelled of "
        "home. Introduce a queen in a hurry and the bees will kill her as a stranger.",
        ["Beekeeping", "Queens"],
    ),
    (
        "Hives on the roof of the library",
        "The city bees up there find more flowers than their cousins between maize fields: "
        "balconies, cemeteries, avenues of lime. The library lends the honey jars out of "
        "vanity. What the roof taught its beekeepers is to carry everything up by hand.",
        ["Beekeeping", "Cities"],
    ),
    (
        "Teaching twelve children to light a smoker",
        "The smoker went out eleven times. Dry grass burns too fast, egg boxes too hot; "
        "sackcloth, rolled tight, is right. Smoke makes bees fill up with honey, and full bees "
        "are calm. The children were calm as well, since nobody else could open the hive for "
        "them.",
        ["Beekeeping", "Teaching"],
    ),
    (
        "The summer without honey",
        "It rained through the lime blossom and the bees sat in the hive and ate what they had. "
        "I took nothing that year. People ask what a beekeeper does it for, then; I say that I "
        "am paid in the sound of the garden.",
        ["Beekeeping", "Weather"],
    ),
    (
        "A hive made of pallets",
        "Six planks, an afternoon and a level. A hive must be square and dry, and the gap "
        "between the frames must be eight millimetres: less and the bees glue it shut, more and "
        "they fill it with comb. My bees do not mind that it says 'fragile' on the side.",
        ["Beekeeping", "Woodwork"],
    ),
    (
        "Is it cruel to keep bees?",
        "We take their stores and give them sugar, we cage queens and move hives at night. I "
        "still think that a careful beekeeper leaves bees better off, in a country with few "
        "hollow trees. But I ask again every August, with the honey knife in my hand.",
        ["Beekeeping", "Ethics"],
    ),
    (
        "Forage for bees in a gravel garden",
        "Thyme, lavender, sedum and borage need no water from the can. From the kitchen I see "
        "which plant the bees choose at which hour. A beekeeper's garden is planned by the "
        "month in which nothing else flowers, which here is July.",
        ["Beekeeping", "Gardening"],
    ),
    (
        "Keeping the books of an apiary",
        "Eight hives, two hundred jars, and still a loss on paper: glass, sugar, petrol, and "
        "the extractor that was to pay for itself. I write down every hour for a year. The bees "
        "earn more than their beekeeper, and neither of us complains.",
        ["Beekeeping", "Bookkeeping"],
    ),
]
"""Title, text and tags."""
