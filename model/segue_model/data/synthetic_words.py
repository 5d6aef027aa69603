"""The words and patterns from which the synthetic source invents names; nothing in it is real."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    key: tuple(text.split())
    for key, text in {
        "first": """Ada Albin Alma Amara Anouk Astrid Aurélie Basil Béla Bianca Björn Bruno
        Camille Carmen Cecil Clara Cosmo Dacre Dalia Della Désirée Dorian Edda Elio Elsa Émile
        Enzo Esther Fabian Faye Felix Fiora Florian Frida Gideon Greta Gustav Hanna Hazel Hector
        Ida Ilse Imre Ines Ira Isolde Ivo Jonas Josefa José Juno Kaja Kasper Lena Leopold Lior
        Ludo Luz Mabel Maeve Magnus Mara Matteo Mira Moss Nadia Nell Nico Nora Odile Olive Orson
        Otis Pia Quentin Ramón Renée Roland Rosa Rufus Sanna Sefu Selma Silas Sunniva Tamar Theo
        Tova Ursa Vera Viggo Wanda Wilma Xenia Yara Yusuf Zelda Zoë""",
        "head": """Ald Ar Bar Bel Bex Bir Blan Bran Cal Car Cor Dal Dan Del Dor Dun El Em Fal Fen
        Fin Gal Gar Gel Gor Hal Har Hart Hol Jar Kel Kin Lam Lan Lar Lin Mal Mar Mer Mil Mor Nor
        Or Pel Pen Quin Ral Ren Ros Sal Sel Sor Stan Tal Tar Tor Val Var Ver Wes Win Wol Yar
        Zel""",
        "tail": """a ado afort aine ander ano ard arsson ato bach bein berg boro brook by combe
        court dale den dine dorf ello en enko escu este ett etti field ford gate graf ham haven
        holm hurst iano ières ik ingen ino ira isch ková land ley lock low man mere mont more na
        nes off olt ongo oux ová ovic rath rick rone sen sett shaw son stad stone strøm thal ton
        tua ulis vale ville ward well wick wood worth yan""",
        "adjective": """Amber Ancient Bitter Blind Blue Borrowed Brave Broken Burning Careless
        Copper Crooked Crystal Distant Double Dusty Electric Empty Endless Faded Fallen Feral
        Final Foreign Forgotten Frozen Gentle Gilded Golden Hidden Hollow Holy Idle Inner Iron
        Ivory Lazy Little Lonely Lost Lucid Lunar Midnight Narrow Naked Nervous Northern Open
        Painted Pale Paper Perfect Plastic Quiet Rapid Restless Sacred Salted Scarlet Second
        Secret Silent Silver Slow Southern Stolen Strange Sudden Sunday Tender Thin Tidal Twisted
        Velvet Violet Wasted Weary Wicked Wild Wooden Young""",
        "noun": """Anchor Angel Arrow Ashes Atlas Avenue Basement Beacon Bridge Candle Canyon
        Carousel Cathedral City Comet Compass Coral Crown Daylight Desert Diamond Dream Echo Ember
        Engine Evening Feather Fever Fire Flood Forest Fountain Garden Ghost Glacier Harbor Heart
        Heaven Highway Horizon Hotel Hour House Island January Jungle Kingdom Lantern Letter
        Lightning Lion Magnet Memory Mercy Meridian Mirror Moon Morning Motel Mountain Museum
        Night Ocean Orchard Orchid Palace Parade Passenger Pendulum Photograph Pilot Planet
        Prairie Promise Radio Rain Railroad River Satellite Season Shadow Shore Signal Sister Sky
        Smoke Snow Soldier Solstice Spider Spring Station Storm Stranger Street Summer Sunset
        Telephone Temple Thunder Tide Tiger Tower Train Valley Voyage Water Weather Widow Window
        Winter Wolf Wonder""",
        "plural": """Acrobats Almanacs Architects Astronomers Badgers Bandits Beekeepers Bells
        Bishops Bricks Brothers Cardinals Cartographers Clocks Comets Coyotes Crickets Daughters
        Diplomats Divers Drifters Falcons Fences Ferrymen Flames Foxes Gamblers Geometers Giants
        Gliders Harpoons Herons Hollows Husbands Inventors Jackals Kites Ladders Lanterns
        Librarians Lions Lovers Magpies Mammoths Mechanics Meteors Mirrors Neighbors Oracles
        Orphans Otters Owls Pilots Pioneers Postcards Preachers Prophets Quarries Rangers Ravens
        Receivers Robins Sailors Scholars Senators Shepherds Sirens Sparrows Statues Strangers
        Swimmers Tailors Tigers Typists Undertakers Vandals Violets Wanderers Whistlers Windows
        Wolves Zeppelins""",
        "verb": """Answer Believe Borrow Break Bring Burn Call Carry Change Chase Climb Count
        Cross Dance Deny Doubt Dream Drive Fade Fall Fight Find Float Fly Follow Forget Forgive
        Hide Hold Keep Know Lead Learn Leave Lend Lie Listen Lose Love Mend Miss Move Need Open
        Paint Pray Promise Reach Remember Rise Run Save Send Shake Shine Sing Sleep Speak Spin
        Stay Steal Swim Take Taste Tell Touch Trust Turn Wait Wake Walk Want Whisper""",
        "gerund": """Breaking Building Burning Calling Carrying Chasing Climbing Counting Crossing
        Dancing Drawing Dreaming Drifting Driving Fading Falling Feeding Finding Floating Flying
        Following Forgetting Hiding Holding Keeping Leaving Looking Losing Mending Moving Painting
        Reading Remembering Riding Rising Running Sailing Singing Sleeping Speaking Spinning
        Standing Stealing Swimming Talking Tracing Turning Waiting Waking Walking Whispering""",
        "preposition": """Above Across After Against Along Around Before Behind Below Beneath
        Beside Between Beyond Into Near Over Past Through Toward Under Until Without""",
        "place": """Alameda Antwerp Baltimore Bergen Biloxi Bombay Bristol Calais Carolina Córdoba
        Dakar Denver Dover Dresden Galway Genoa Havana Houston Jaipur Kingston Kyoto Lisbon
        Louisiana Lyon Malmö Manitoba Marseille Memphis Montréal Nairobi Naples Odessa Oslo Porto
        Québec Reno Rotterdam Savannah Seville Tampico Tangier Tennessee Trieste Tulsa Uppsala
        Valencia Warsaw Zürich""",
        "number": """Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Forty Ninety
        Thousand""",
        "numeral": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24",
        "syllable": """ba bo cha da de dré fa fi ga ju ka ki ko la le lo lu ma mé mi mo na ne ni
        no pa ra ré ri ro sa so ta té ti to va vi vo xa ya za zé zi zo""",
        "machine": """Amp Array Axis Bit Carbon Circuit Cobalt Coil Cube Delta Diode Drone Echo
        Flux Frame Glass Grid Helix Ion Kilo Laser Logic Loop Mono Motor Neon Node Null Omega
        Orbit Phase Pixel Prism Pulse Quartz Relay Sector Sine Static Sub Tape Terra Tone Vector
        Volt Wave Xeno Zero""",
        "spanish": """Agua Alma Amor Arena Aurora Barrio Camino Canción Ceniza Cielo Ciudad
        Corazón Destino Espejo Estrella Flor Fuego Guitarra Huella Lluvia Luna Madrugada Mañana
        Mar Memoria Montaña Niña Noche Olvido Palabra Paloma Pasión Piel Piedra Puerto Río Rosa
        Sal Sangre Sombra Sueño Tarde Tierra Tristeza Ventana Verano Viento Vida Voz""",
        "french": """Amour Automne Aube Bohème Café Chanson Chemin Cœur Colline Dimanche École
        Étoile Été Fenêtre Fête Fleuve Forêt Fumée Gare Hiver Île Jardin Lumière Lune Maison
        Manège Marée Mémoire Mer Miroir Neige Nuage Nuit Ombre Papillon Pluie Poème Pont Printemps
        Promesse Quartier Rêve Rivière Saison Silence Soirée Soleil Souvenir Théâtre Vent
        Village""",
        "form": """Adagio Arabesque Ballade Berceuse Canon Capriccio Elegy Étude Fantasia Fugue
        Impromptu Intermezzo Mazurka Minuet Nocturne Pavane Prélude Rhapsody Romance Rondo Scherzo
        Serenade Sonata Suite Toccata Waltz""",
        "tonic": "A A-flat B B-flat C C-sharp D E E-flat F F-sharp G",
        "scale": "Major Minor",
    }.items()
}

ARTISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "band": (
        "The {adjective} {plural}",
        "The {plural}",
        "{adjective} {noun}",
        "{noun} {plural}",
        "{place} {plural}",
        "{number} {plural}",
        "{head}{tail}",
        "{noun} & {noun}",
        "{first} and the {plural}",
        "{preposition} the {noun}",
    ),
    "solo": (
        "{first} {head}{tail}",
        "{first} {head}{tail}",
        "{first} {adjective}",
        "{first} {noun} {head}{tail}",
        "{first} & {first} {head}{tail}",
    ),
    "ensemble": (
        "{first} {head}{tail} Trio",
        "{first} {head}{tail} Quartet",
        "{head}{tail} Chamber Players",
        "{place} {adjective} Ensemble",
        "{first} {head}{tail}",
        "{head}{tail} String Quartet",
    ),
    "producer": (
        "{machine} {machine}",
        "{machine}{syllable}",
        "DJ {head}{tail}",
        "{first} {machine}",
        "{machine} {numeral}",
        "{syllable}{syllable}{syllable}",
        "{adjective} {machine}",
    ),
    "crew": (
        "MC {head}{tail}",
        "Lil {noun}",
        "{first} the {noun}",
        "{place} {machine} Crew",
        "Young {head}{tail}",
        "{adjective} {plural}",
    ),
    "spanish": (
        "{first} {head}{tail}",
        "Los {plural} de {place}",
        "Grupo {spanish}",
        "{spanish} de {place}",
        "Orquesta {spanish} {head}{tail}",
    ),
    "french": (
        "{first} {head}{tail}",
        "{first} de {head}{tail}",
        "Le Trio {head}{tail}",
        "{french} {first}",
    ),
}

TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "song": (
        "{adjective} {noun}",
        "{noun} of {noun}",
        "{gerund} {preposition} the {noun}",
        "{verb} the {noun}",
        "Don't {verb} My {noun}",
        "{gerund} the {adjective} {noun}",
        "{place} {noun}",
        "{first}'s {noun}",
        "{number} {plural}",
        "{verb} Me, {first}",
        "{noun} {preposition} the {adjective} {noun}",
        "Until the {noun} Comes Home",
        "Meet Me in {place}",
        "{adjective} and {adjective}",
        "The {noun} and the {noun}",
        "We {verb} {preposition} {place}",
        "Letter to {first}",
        "{noun}",
        "({verb} the) {adjective} {noun}",
    ),
    "piece": (
        "{form} No. {numeral} in {tonic} {scale}",
        "{form} in {tonic} {scale}",
        "{adjective} {form}",
        "{form} for {first}",
        "{noun} {form}",
    ),
    "track": (
        "{machine} {noun}",
        "{machine}",
        "{gerund} {machine}",
        "{noun} ({adjective} Mix)",
        "{machine} {numeral}",
        "{adjective} {noun}",
        "{place} {numeral}",
        "{gerund} {preposition} {place}",
    ),
    "spanish": (
        "{spanish} de {spanish}",
        "Mi {spanish} y tu {spanish}",
        "{spanish} sin {spanish}",
        "{spanish} y {spanish}",
        "Ay, {first}",
        "{spanish} en {place}",
        "Qué {spanish}",
        "No me digas {spanish}",
    ),
    "french": (
        "{french} à {place}",
        "{french}, {french}",
        "{french} sans {french}",
        "Où va {first} ?",
        "Après {french}",
        "Chanson pour {first}",
        "Déjà {french}",
        "{french} de {place}",
    ),
}
