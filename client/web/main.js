/** Ties the parts of the page together. */

import { start } from "./actions.js";
import { startFilters } from "./filters.js";
import { startPlaylist } from "./playlist.js";
import { startPlaylists } from "./playlists.js";
import { startEmptyAnswer, startRecommendations } from "./recommendations.js";
import { startSearch } from "./search.js";
import { startSharing } from "./sharing.js";
import { startTrouble } from "./trouble.js";

startPlaylists();
startPlaylist();
startRecommendations();
startEmptyAnswer();
startFilters();
startSearch();
startTrouble();
startSharing();
start();
