import "./page.css";
import "./queue.css";
import "./lists.css";
import "./numbers.css";

import { registerPage } from "../surface";
import { outbox } from "./outbox";
import { ReviewPage } from "./ReviewPage";

registerPage({ path: "/plugins/compreface", icon: "faUserCheck", title: "compreface.review.menu", page: ReviewPage });
outbox.begin();
