"""A Stash for tests and for the demonstration: real HTTP, strict GraphQL, real plugin processes.

    from teststash import TestStash           # tests (pytest puts tests/ on the path); `tests.teststash` works too

    with TestStash(tmp_path / "config", plugins_dir=folder_with_plugins, version="v0.30.1") as stash:
        obama = stash.add_performer("Barack Obama", image_bytes, aliases=["44"])
        image = stash.add_image(photo_path, title="One")      # zip_path=archive: `path` is the member's name
        gallery = stash.add_gallery([image]);  scene = stash.add_scene(video_path);  tag = stash.add_tag("Seen")

        job = stash.run_task("compreface", "Identify Unscanned Images", {"limit": 5})   # queued; args win over defaults
        assert stash.wait_for_job(job)["status"] == "FINISHED"                          # also when the plugin failed!
        stash.run_operation("compreface", {"mode": "health"})                           # output, or LibraryError
        stash.jobs.stop(job)                                                            # SIGKILL of the direct child

        stash.performers_of(image), stash.tags_of(image), stash.links("image", image, "gallery")
        before = stash.snapshot()                             # whole library as plain values, compare with ==
        stash.log.messages("Error"); stash.log.wait_for("part of a line")
        stash.graphql_count, stash.graphql_requests[-1].query, .variables, .headers; stash.reset_requests()

        stash.faults.gateway_error(times=2, matching="bulkImageUpdate")   # also: unauthorised, drop_connection,
        stash.faults.drop_answer(); stash.faults.delay(1.5); stash.faults.login_page_for_pictures = True
        stash.go_down(); stash.come_back()                    # same port
        assert stash.broken == []                             # the test Stash itself raised nothing

`stash.url` is e.g. http://127.0.0.1:41234. Options: username/password/api_key (log-in), max_session_age_s,
external_host, bind_host (told to plugins), certificate=(crt, key), python_path, working_dir, environment,
library_dirs (metadataScan), log_line_cost_s. Versions: v0.28 to v0.31 switch schema fields on and off.
What was compared with a real Stash, and what is not modelled: docs/test-stash.md.
"""

from __future__ import annotations

from .library import LibraryError
from .stash import TestStash
from .web import RequestRecord

__all__ = ["LibraryError", "RequestRecord", "TestStash"]
