"""Our GraphQL. Stash refuses a whole document for one field it does not know, so only fields of 0.28 and
newer stand here; what differs between versions is asked for by `features` (see StashClient.connect).
"""

from __future__ import annotations

HELLO = """
query Hello($plugins: [ID!]) {
  version { version }
  configuration { general { apiKey } plugins(include: $plugins) }
  imageFile: __type(name: "ImageFile") { fields(includeDeprecated: true) { name } }
}
"""

PLUGIN_SETTINGS = """
query PluginSettings($plugins: [ID!]) { configuration { plugins(include: $plugins) } }
"""

CONFIGURE_PLUGIN = """
mutation ConfigurePlugin($plugin_id: ID!, $input: Map!) { configurePlugin(plugin_id: $plugin_id, input: $input) }
"""

_PERFORMER = "id name disambiguation alias_list image_path updated_at gender"
_PERFORMER_USE = (
    "created_at image_count scene_count gallery_count rating100 details urls favorite tags { id }"
    " stash_ids { stash_id }"
)
_JOB = "id status description progress"
_TAG = "id name aliases"
_GALLERY = "id title organized image_count tags { id } performers { id }"

PERFORMERS = f"""
query Performers($filter: FindFilterType) {{
  findPerformers(filter: $filter) {{ count performers {{ {_PERFORMER} }} }}
}}
"""

PERFORMER_NAMES = """
query PerformerNames($filter: FindFilterType) { findPerformers(filter: $filter) { performers { id name } } }
"""

PERFORMER_DESTROY = """
mutation PerformerDestroy($input: PerformerDestroyInput!) { performerDestroy(input: $input) }
"""

IMAGE_IDS = """
query ImageIds($image_filter: ImageFilterType, $filter: FindFilterType) {
  findImages(image_filter: $image_filter, filter: $filter) { images { id } }
}
"""

IMAGE_COUNT = """
query ImageCount($image_filter: ImageFilterType, $filter: FindFilterType) {
  findImages(image_filter: $image_filter, filter: $filter) { count }
}
"""

GALLERY = f"""
query Gallery($id: ID!) {{ findGallery(id: $id) {{ {_GALLERY} }} }}
"""

TAG = f"""
query Tag($id: ID!) {{ findTag(id: $id) {{ {_TAG} }} }}
"""

TAGS_LIKE = f"""
query TagsLike($by_name: TagFilterType, $by_alias: TagFilterType, $filter: FindFilterType) {{
  by_name: findTags(tag_filter: $by_name, filter: $filter) {{ tags {{ {_TAG} }} }}
  by_alias: findTags(tag_filter: $by_alias, filter: $filter) {{ tags {{ {_TAG} }} }}
}}
"""

TAG_USE = """
query TagUse($id: ID!) {
  findTag(id: $id) { image_count scene_count gallery_count performer_count scene_marker_count }
}
"""

TAG_CREATE = f"""
mutation TagCreate($input: TagCreateInput!) {{ tagCreate(input: $input) {{ {_TAG} }} }}
"""

TAG_DESTROY = """
mutation TagDestroy($input: TagDestroyInput!) { tagDestroy(input: $input) }
"""

METADATA_SCAN = """
mutation MetadataScan($input: ScanMetadataInput!) { metadataScan(input: $input) }
"""

JOBS = f"""
query Jobs {{ jobQueue {{ {_JOB} }} }}
"""

RUN_PLUGIN_TASK = """
mutation RunPluginTask($plugin_id: ID!, $task_name: String, $description: String, $args_map: Map) {
  runPluginTask(plugin_id: $plugin_id, task_name: $task_name, description: $description, args_map: $args_map)
}
"""

# Bulk mutation and input type by what is changed.
BULK = {
    "image": ("bulkImageUpdate", "BulkImageUpdateInput"),
    "gallery": ("bulkGalleryUpdate", "BulkGalleryUpdateInput"),
    "performer": ("bulkPerformerUpdate", "BulkPerformerUpdateInput"),
    "scene": ("bulkSceneUpdate", "BulkSceneUpdateInput"),
}


def image_fields(features: frozenset[str]) -> str:
    """The fields of an image. Since 0.29 archives are objects; the id is used while it is there."""
    archive = "zip_file_id" if "ImageFile.zip_file_id" in features or not features else "zip_file { id }"
    file = f"path size mod_time width height {archive} fingerprints {{ type value }}"
    return (
        "id title organized tags { id } performers { id } galleries { id } paths { image } "
        f"visual_files {{ __typename ... on ImageFile {{ {file} }} ... on VideoFile {{ {file} duration }} }}"
    )


def image_page(features: frozenset[str]) -> str:
    """Images by a filter, whole."""
    return (
        "query ImagePage($image_filter: ImageFilterType, $filter: FindFilterType) {\n"
        "  findImages(image_filter: $image_filter, filter: $filter) { images { ...image } }\n}\n"
        f"fragment image on Image {{ {image_fields(features)} }}\n"
    )


def performer_names(count: int) -> str:
    """The names of `count` performers by their ids $i0, $i1, ... as i0, i1, ..."""
    variables = ", ".join(f"$i{n}: ID!" for n in range(count))
    fields = "\n".join(f"  i{n}: findPerformer(id: $i{n}) {{ id name }}" for n in range(count))
    return f"query SomePerformerNames({variables}) {{\n{fields}\n}}\n"


def gallery_sizes(count: int) -> str:
    """The number of images of `count` galleries by their ids $i0, $i1, ... as i0, i1, ..."""
    variables = ", ".join(f"$i{n}: ID!" for n in range(count))
    fields = "\n".join(f"  i{n}: findGallery(id: $i{n}) {{ id image_count }}" for n in range(count))
    return f"query GallerySizes({variables}) {{\n{fields}\n}}\n"


def performer_uses(count: int) -> str:
    """`count` performers by their ids $i0, $i1, ... as i0, i1, ..., with what hangs on them."""
    variables = ", ".join(f"$i{n}: ID!" for n in range(count))
    fields = "\n".join(f"  i{n}: findPerformer(id: $i{n}) {{ ...use }}" for n in range(count))
    return (
        f"query PerformerUses({variables}) {{\n{fields}\n}}\n"
        f"fragment use on Performer {{ {_PERFORMER} {_PERFORMER_USE} }}\n"
    )


def performers_named(count: int) -> str:
    """The performers that the filters $f0, $f1, ... find, as f0, f1, ..."""
    variables = ", ".join(f"$f{n}: PerformerFilterType" for n in range(count))
    find = f"findPerformers(performer_filter: $f%d, filter: $all) {{ performers {{ {_PERFORMER} }} }}"
    fields = "\n".join(f"  f{n}: {find % n}" for n in range(count))
    return f"query PerformersNamed($all: FindFilterType, {variables}) {{\n{fields}\n}}\n"


def performers_create(count: int) -> str:
    """`count` performers are made of $p0, $p1, ... as p0, p1, ..."""
    variables = ", ".join(f"$p{n}: PerformerCreateInput!" for n in range(count))
    fields = "\n".join(f"  p{n}: performerCreate(input: $p{n}) {{ {_PERFORMER} }}" for n in range(count))
    return f"mutation PerformersCreate({variables}) {{\n{fields}\n}}\n"


def images(count: int, features: frozenset[str]) -> str:
    """`count` images by their ids $i0, $i1, ... as i0, i1, ..., and the job queue. A fragment keeps it
    short.
    """
    variables = ", ".join(f"$i{n}: ID!" for n in range(count))
    fields = "\n".join(f"  i{n}: findImage(id: $i{n}) {{ ...image }}" for n in range(count))
    return (
        f"query Images({variables}) {{\n{fields}\n  jobQueue {{ {_JOB} }}\n}}\n"
        f"fragment image on Image {{ {image_fields(features)} }}\n"
    )


def patches(kinds: tuple[str, ...]) -> str:
    """One bulk mutation for each of `kinds`, with the input $p0, $p1, ... as p0, p1, ..."""
    variables = ", ".join(f"$p{n}: {BULK[kind][1]}!" for n, kind in enumerate(kinds))
    fields = "\n".join(f"  p{n}: {BULK[kind][0]}(input: $p{n}) {{ id }}" for n, kind in enumerate(kinds))
    return f"mutation Patches({variables}) {{\n{fields}\n}}\n"
