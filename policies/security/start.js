import { serve } from "../serve.js";
serve("security");
