import { step } from "./board.js";

document.querySelector("#board").addEventListener("click", () => step([true, false]));
