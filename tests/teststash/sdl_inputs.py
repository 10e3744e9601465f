"""Input types and root operations of the schema; version marks as in `sdl_types`."""

from __future__ import annotations

FILTERS = """
input FindFilterType { q: String page: Int per_page: Int sort: String direction: SortDirectionEnum }
input StringCriterionInput { value: String! modifier: CriterionModifier! }
input IntCriterionInput { value: Int! value2: Int modifier: CriterionModifier! }
input FloatCriterionInput { value: Float! value2: Float modifier: CriterionModifier! }
input DateCriterionInput { value: String! value2: String modifier: CriterionModifier! }
input TimestampCriterionInput { value: String! value2: String modifier: CriterionModifier! }
input MultiCriterionInput { value: [ID!] modifier: CriterionModifier! excludes: [ID!] }
input HierarchicalMultiCriterionInput {
  value: [ID!] modifier: CriterionModifier! depth: Int excludes: [ID!]
}
input GenderCriterionInput { value: GenderEnum value_list: [GenderEnum!] modifier: CriterionModifier! }
input CustomFieldCriterionInput { field: String! value: [Any!] modifier: CriterionModifier! }

input ImageFilterType {
  AND: ImageFilterType OR: ImageFilterType NOT: ImageFilterType
  id: IntCriterionInput title: StringCriterionInput code: StringCriterionInput details: StringCriterionInput
  photographer: StringCriterionInput checksum: StringCriterionInput path: StringCriterionInput
  file_count: IntCriterionInput rating100: IntCriterionInput date: DateCriterionInput url: StringCriterionInput
  organized: Boolean o_counter: IntCriterionInput is_missing: String studios: HierarchicalMultiCriterionInput
  tags: HierarchicalMultiCriterionInput tag_count: IntCriterionInput
  performer_tags: HierarchicalMultiCriterionInput performers: MultiCriterionInput
  performer_count: IntCriterionInput performer_favorite: Boolean galleries: MultiCriterionInput
  created_at: TimestampCriterionInput updated_at: TimestampCriterionInput
  galleries_filter: GalleryFilterType performers_filter: PerformerFilterType tags_filter: TagFilterType
  files_filter: FileFilterType #>=0.30
}
input FileFilterType { #>=0.30
  AND: FileFilterType OR: FileFilterType NOT: FileFilterType #>=0.30
  path: StringCriterionInput basename: StringCriterionInput dir: StringCriterionInput #>=0.30
  zip_file: MultiCriterionInput mod_time: TimestampCriterionInput #>=0.30
  created_at: TimestampCriterionInput updated_at: TimestampCriterionInput #>=0.30
} #>=0.30
input GalleryFilterType {
  AND: GalleryFilterType OR: GalleryFilterType NOT: GalleryFilterType
  id: IntCriterionInput title: StringCriterionInput code: StringCriterionInput details: StringCriterionInput
  photographer: StringCriterionInput checksum: StringCriterionInput path: StringCriterionInput
  file_count: IntCriterionInput is_missing: String is_zip: Boolean rating100: IntCriterionInput
  organized: Boolean scenes: MultiCriterionInput studios: HierarchicalMultiCriterionInput
  tags: HierarchicalMultiCriterionInput tag_count: IntCriterionInput
  performer_tags: HierarchicalMultiCriterionInput performers: MultiCriterionInput
  performer_count: IntCriterionInput performer_favorite: Boolean image_count: IntCriterionInput
  url: StringCriterionInput date: DateCriterionInput
  created_at: TimestampCriterionInput updated_at: TimestampCriterionInput
  scenes_filter: SceneFilterType images_filter: ImageFilterType performers_filter: PerformerFilterType
  tags_filter: TagFilterType
  files_filter: FileFilterType #>=0.30
}
input SceneFilterType {
  AND: SceneFilterType OR: SceneFilterType NOT: SceneFilterType
  id: IntCriterionInput title: StringCriterionInput code: StringCriterionInput details: StringCriterionInput
  director: StringCriterionInput oshash: StringCriterionInput checksum: StringCriterionInput
  path: StringCriterionInput file_count: IntCriterionInput rating100: IntCriterionInput organized: Boolean
  o_counter: IntCriterionInput duration: IntCriterionInput has_markers: String is_missing: String
  studios: HierarchicalMultiCriterionInput galleries: MultiCriterionInput
  tags: HierarchicalMultiCriterionInput tag_count: IntCriterionInput
  performer_tags: HierarchicalMultiCriterionInput performer_favorite: Boolean performers: MultiCriterionInput
  performer_count: IntCriterionInput url: StringCriterionInput date: DateCriterionInput
  created_at: TimestampCriterionInput updated_at: TimestampCriterionInput
  galleries_filter: GalleryFilterType performers_filter: PerformerFilterType tags_filter: TagFilterType
  files_filter: FileFilterType #>=0.30
}
input SceneMarkerFilterType {
  tags: HierarchicalMultiCriterionInput scene_tags: HierarchicalMultiCriterionInput
  performers: MultiCriterionInput scenes: MultiCriterionInput duration: FloatCriterionInput
  created_at: TimestampCriterionInput updated_at: TimestampCriterionInput scene_filter: SceneFilterType
}
input PerformerFilterType {
  AND: PerformerFilterType OR: PerformerFilterType NOT: PerformerFilterType
  name: StringCriterionInput disambiguation: StringCriterionInput details: StringCriterionInput
  filter_favorites: Boolean country: StringCriterionInput aliases: StringCriterionInput
  gender: GenderCriterionInput is_missing: String tags: HierarchicalMultiCriterionInput
  tag_count: IntCriterionInput scene_count: IntCriterionInput image_count: IntCriterionInput
  gallery_count: IntCriterionInput rating100: IntCriterionInput url: StringCriterionInput
  ignore_auto_tag: Boolean
  birthdate: DateCriterionInput death_date: DateCriterionInput
  scenes_filter: SceneFilterType images_filter: ImageFilterType galleries_filter: GalleryFilterType
  tags_filter: TagFilterType created_at: TimestampCriterionInput updated_at: TimestampCriterionInput
  custom_fields: [CustomFieldCriterionInput!]
}
input TagFilterType {
  AND: TagFilterType OR: TagFilterType NOT: TagFilterType
  name: StringCriterionInput sort_name: StringCriterionInput aliases: StringCriterionInput favorite: Boolean
  description: StringCriterionInput is_missing: String scene_count: IntCriterionInput
  image_count: IntCriterionInput gallery_count: IntCriterionInput performer_count: IntCriterionInput
  marker_count: IntCriterionInput parents: HierarchicalMultiCriterionInput
  children: HierarchicalMultiCriterionInput ignore_auto_tag: Boolean
  scenes_filter: SceneFilterType images_filter: ImageFilterType galleries_filter: GalleryFilterType
  created_at: TimestampCriterionInput updated_at: TimestampCriterionInput
}
"""

_PERFORMER = """
  disambiguation: String url: String urls: [String!] gender: GenderEnum birthdate: String ethnicity: String
  country: String eye_color: String height_cm: Int measurements: String fake_tits: String penis_length: Float
  circumcised: CircumisedEnum career_length: String tattoos: String piercings: String alias_list: [String!]
  twitter: String instagram: String favorite: Boolean tag_ids: [ID!] image: String stash_ids: [StashIDInput!]
  rating100: Int details: String death_date: String hair_color: String weight: Int ignore_auto_tag: Boolean
"""
_TAG = """
  sort_name: String description: String aliases: [String!] ignore_auto_tag: Boolean favorite: Boolean
  image: String parent_ids: [ID!] child_ids: [ID!]
  stash_ids: [StashIDInput!] #>=0.30
"""
_COMMON = (
    "title: String code: String rating100: Int organized: Boolean date: String details: String studio_id: ID"
)
_BULK_PERFORMER = (
    _PERFORMER.replace("urls: [String!]", "urls: BulkUpdateStrings")
    .replace("alias_list: [String!]", "alias_list: BulkUpdateStrings")
    .replace("tag_ids: [ID!]", "tag_ids: BulkUpdateIds")
    .replace(" image: String stash_ids: [StashIDInput!]", "")
)
_CUSTOM = "custom_fields: CustomFieldsInput #>=0.31"

INPUTS = f"""
input BulkUpdateIds {{ ids: [ID!] mode: BulkUpdateIdMode! }}
input BulkUpdateStrings {{ values: [String!] mode: BulkUpdateIdMode! }}
input StashIDInput {{ endpoint: String! stash_id: String! updated_at: Time }}
input CustomFieldsInput {{
  full: Map partial: Map
  remove: [String!] #>=0.30
}}

input ImageUpdateInput {{
  clientMutationId: String id: ID! {_COMMON} url: String urls: [String!] photographer: String
  performer_ids: [ID!] tag_ids: [ID!] gallery_ids: [ID!] primary_file_id: ID
  {_CUSTOM}
}}
input BulkImageUpdateInput {{
  clientMutationId: String ids: [ID!] {_COMMON} url: String urls: BulkUpdateStrings photographer: String
  performer_ids: BulkUpdateIds tag_ids: BulkUpdateIds gallery_ids: BulkUpdateIds
  {_CUSTOM}
}}
input ImageDestroyInput {{ id: ID! delete_file: Boolean delete_generated: Boolean }}
input ImagesDestroyInput {{ ids: [ID!]! delete_file: Boolean delete_generated: Boolean }}
input GalleryCreateInput {{
  title: String! code: String url: String urls: [String!] date: String details: String photographer: String
  rating100: Int organized: Boolean scene_ids: [ID!] studio_id: ID tag_ids: [ID!] performer_ids: [ID!]
}}
input GalleryUpdateInput {{
  clientMutationId: String id: ID! {_COMMON} url: String urls: [String!] photographer: String
  scene_ids: [ID!] tag_ids: [ID!] performer_ids: [ID!] primary_file_id: ID
  {_CUSTOM}
}}
input BulkGalleryUpdateInput {{
  clientMutationId: String ids: [ID!] {_COMMON.replace("title: String ", "")} url: String
  urls: BulkUpdateStrings photographer: String scene_ids: BulkUpdateIds tag_ids: BulkUpdateIds
  performer_ids: BulkUpdateIds
  {_CUSTOM}
}}
input GalleryAddInput {{ gallery_id: ID! image_ids: [ID!]! }}
input GalleryRemoveInput {{ gallery_id: ID! image_ids: [ID!]! }}
input SceneUpdateInput {{
  clientMutationId: String id: ID! {_COMMON} director: String url: String urls: [String!]
  gallery_ids: [ID!] performer_ids: [ID!] tag_ids: [ID!] stash_ids: [StashIDInput!]
  cover_image: String resume_time: Float primary_file_id: ID
  {_CUSTOM}
}}
input BulkSceneUpdateInput {{
  clientMutationId: String ids: [ID!] {_COMMON} director: String url: String urls: BulkUpdateStrings
  gallery_ids: BulkUpdateIds performer_ids: BulkUpdateIds tag_ids: BulkUpdateIds
  {_CUSTOM}
}}
input SceneMarkerCreateInput {{
  title: String! seconds: Float! end_seconds: Float scene_id: ID! primary_tag_id: ID! tag_ids: [ID!]
}}
input SceneMarkerUpdateInput {{
  id: ID! title: String seconds: Float end_seconds: Float scene_id: ID primary_tag_id: ID tag_ids: [ID!]
}}
input PerformerCreateInput {{ name: String! {_PERFORMER} custom_fields: Map }}
input PerformerUpdateInput {{ id: ID! name: String {_PERFORMER} custom_fields: CustomFieldsInput }}
input BulkPerformerUpdateInput {{
  clientMutationId: String ids: [ID!] {_BULK_PERFORMER} custom_fields: CustomFieldsInput
}}
input PerformerDestroyInput {{ id: ID! }}
input PerformerMergeInput {{ source: [ID!]! destination: ID! values: PerformerUpdateInput }} #>=0.31
input TagCreateInput {{ name: String! {_TAG} }}
input TagUpdateInput {{ id: ID! name: String {_TAG} }}
input TagDestroyInput {{ id: ID! }}
input TagsMergeInput {{ source: [ID!]! destination: ID! }}

input PluginArgInput {{ key: String! value: PluginValueInput }}
input PluginValueInput {{
  str: String i: Int b: Boolean f: Float o: [PluginArgInput!] a: [PluginValueInput!]
}}
input FindJobInput {{ id: ID! }}
input ScraperSourceInput {{ stash_box_endpoint: String scraper_id: ID }}
input ScrapeSinglePerformerInput {{ query: String performer_id: ID }}
input ScanMetaDataFilterInput {{ minModTime: Timestamp }}
input ScanMetadataInput {{
  paths: [String!] rescan: Boolean scanGenerateCovers: Boolean scanGeneratePreviews: Boolean
  scanGenerateImagePreviews: Boolean scanGenerateSprites: Boolean scanGeneratePhashes: Boolean
  scanGenerateThumbnails: Boolean scanGenerateClipPreviews: Boolean filter: ScanMetaDataFilterInput
}}
input GenerateMetadataInput {{
  covers: Boolean sprites: Boolean previews: Boolean imageThumbnails: Boolean sceneIDs: [ID!]
  markerIDs: [ID!] overwrite: Boolean
}}
"""

ROOTS = """
type Query {
  findImage(id: ID, checksum: String): Image
  findImages(image_filter: ImageFilterType, image_ids: [Int!], ids: [ID!], filter: FindFilterType): FindImagesResultType!
  findGallery(id: ID!): Gallery
  findGalleries(gallery_filter: GalleryFilterType, filter: FindFilterType, ids: [ID!]): FindGalleriesResultType!
  findScene(id: ID, checksum: String): Scene
  findScenes(scene_filter: SceneFilterType, scene_ids: [Int!], ids: [ID!], filter: FindFilterType): FindScenesResultType!
  findSceneMarkers(scene_marker_filter: SceneMarkerFilterType, filter: FindFilterType, ids: [ID!]): FindSceneMarkersResultType!
  findPerformer(id: ID!): Performer
  findPerformers(performer_filter: PerformerFilterType, filter: FindFilterType, performer_ids: [Int!], ids: [ID!]): FindPerformersResultType!
  allPerformers: [Performer!]!
  scrapeSinglePerformer(source: ScraperSourceInput!, input: ScrapeSinglePerformerInput!): [ScrapedPerformer!]!
  findTag(id: ID!): Tag
  findTags(tag_filter: TagFilterType, filter: FindFilterType, ids: [ID!]): FindTagsResultType!
  allTags: [Tag!]!
  plugins: [Plugin!]
  pluginTasks: [PluginTask!]
  configuration: ConfigResult!
  systemStatus: SystemStatus!
  jobQueue: [Job!]
  findJob(input: FindJobInput!): Job
  logs: [LogEntry!]!
  version: Version!
}
type Mutation {
  imageUpdate(input: ImageUpdateInput!): Image
  imagesUpdate(input: [ImageUpdateInput!]!): [Image]
  bulkImageUpdate(input: BulkImageUpdateInput!): [Image!]
  imageDestroy(input: ImageDestroyInput!): Boolean!
  imagesDestroy(input: ImagesDestroyInput!): Boolean!
  galleryCreate(input: GalleryCreateInput!): Gallery
  galleryUpdate(input: GalleryUpdateInput!): Gallery
  bulkGalleryUpdate(input: BulkGalleryUpdateInput!): [Gallery!]
  addGalleryImages(input: GalleryAddInput!): Boolean!
  removeGalleryImages(input: GalleryRemoveInput!): Boolean!
  sceneUpdate(input: SceneUpdateInput!): Scene
  scenesUpdate(input: [SceneUpdateInput!]!): [Scene]
  bulkSceneUpdate(input: BulkSceneUpdateInput!): [Scene!]
  sceneMarkerCreate(input: SceneMarkerCreateInput!): SceneMarker
  sceneMarkerUpdate(input: SceneMarkerUpdateInput!): SceneMarker
  sceneMarkerDestroy(id: ID!): Boolean!
  sceneMarkersDestroy(ids: [ID!]!): Boolean!
  performerCreate(input: PerformerCreateInput!): Performer
  performerUpdate(input: PerformerUpdateInput!): Performer
  bulkPerformerUpdate(input: BulkPerformerUpdateInput!): [Performer!]
  performerDestroy(input: PerformerDestroyInput!): Boolean!
  performersDestroy(ids: [ID!]!): Boolean!
  performerMerge(input: PerformerMergeInput!): Performer! #>=0.31
  tagCreate(input: TagCreateInput!): Tag
  tagUpdate(input: TagUpdateInput!): Tag
  tagDestroy(input: TagDestroyInput!): Boolean!
  tagsDestroy(ids: [ID!]!): Boolean!
  tagsMerge(input: TagsMergeInput!): Tag
  configurePlugin(plugin_id: ID!, input: Map!): Map!
  configureUI(input: Map, partial: Map): Map!
  setPluginsEnabled(enabledMap: BoolMap!): Boolean!
  reloadPlugins: Boolean!
  runPluginTask(plugin_id: ID!, task_name: String, description: String, args: [PluginArgInput!], args_map: Map): ID!
  runPluginOperation(plugin_id: ID!, args: Map): Any
  metadataScan(input: ScanMetadataInput!): ID!
  metadataGenerate(input: GenerateMetadataInput!): ID!
  stopJob(job_id: ID!): Boolean!
  stopAllJobs: Boolean!
  querySQL(sql: String!, args: [Any]): SQLQueryResult!
}
type Subscription { jobsSubscribe: JobStatusUpdate! }
"""
