// Registers everything with the host, at once: the host mounts its pages as soon as all scripts have run.

import "./styles.css";

import "./gallery/register";
import "./image/register";
import "./lists/register";
import "./scene/register";
import "./performer/register";
import "./review/register";
import "./settings/register";
