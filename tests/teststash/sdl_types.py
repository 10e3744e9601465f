"""Output types of the GraphQL schema that the test Stash speaks.

A line may end in `#>=0.30` or `#<0.31`: it is then part of the schema for those versions only. Names of types and
fields are facts of Stash's interface; everything not listed here is refused as an unknown field.
"""

from __future__ import annotations

FILE_FIELDS = """
  id: ID! path: String! basename: String! parent_folder_id: ID! zip_file_id: ID
  parent_folder: Folder! #>=0.29
  zip_file: BasicFile #>=0.29
  mod_time: Time! size: Int64! created_at: Time! updated_at: Time!
  fingerprint(type: String!): String
  fingerprints: [Fingerprint!]!
"""


def _marked(fields: str) -> str:
    """The same fields, all from v0.29 on: the type itself came with it."""
    return "\n".join(line if "#" in line else f"{line} #>=0.29" for line in fields.strip().splitlines())


TYPES = (
    (
        """
scalar Time scalar Timestamp scalar Int64 scalar Map scalar Any scalar PluginConfigMap scalar BoolMap

enum GenderEnum { MALE FEMALE TRANSGENDER_MALE TRANSGENDER_FEMALE INTERSEX NON_BINARY }
enum CircumisedEnum { CUT UNCUT }
enum SortDirectionEnum { ASC DESC }
enum BulkUpdateIdMode { SET ADD REMOVE }
enum JobStatus { READY RUNNING FINISHED STOPPING CANCELLED FAILED }
enum LogLevel { Trace Debug Info Progress Warning Error }
enum PluginSettingTypeEnum { STRING NUMBER BOOLEAN }
enum SystemStatusEnum { SETUP NEEDS_MIGRATION OK }
enum BlobsStorageType { DATABASE FILESYSTEM }
enum HashAlgorithm { MD5 OSHASH }
enum CriterionModifier {
  EQUALS NOT_EQUALS GREATER_THAN LESS_THAN IS_NULL NOT_NULL INCLUDES_ALL INCLUDES EXCLUDES
  MATCHES_REGEX NOT_MATCHES_REGEX BETWEEN NOT_BETWEEN
}

type Fingerprint { type: String! value: String! }
type Folder {
  id: ID! path: String! parent_folder_id: ID zip_file_id: ID
  parent_folder: Folder #>=0.29
  zip_file: BasicFile #>=0.29
  mod_time: Time! created_at: Time! updated_at: Time!
}
interface BaseFile {%FILE%}
type BasicFile implements BaseFile { #>=0.29
  %BASIC%
} #>=0.29
type VideoFile implements BaseFile {
%FILE%
  format: String! width: Int! height: Int! duration: Float! video_codec: String! audio_codec: String!
  frame_rate: Float! bit_rate: Int!
}
type ImageFile implements BaseFile {
%FILE%
  format: String! #>=0.29
  width: Int! height: Int!
}
type GalleryFile implements BaseFile {%FILE%}
union VisualFile = VideoFile | ImageFile

type StashID { endpoint: String! stash_id: String! updated_at: Time! }
type Studio { id: ID! name: String! created_at: Time! updated_at: Time! }

type Image {
  id: ID! title: String code: String rating100: Int url: String urls: [String!]! date: String details: String
  photographer: String o_counter: Int organized: Boolean! created_at: Time! updated_at: Time!
  files: [ImageFile!]!
  visual_files: [VisualFile!]!
  paths: ImagePathsType!
  galleries: [Gallery!]! studio: Studio tags: [Tag!]! performers: [Performer!]!
  custom_fields: Map! #>=0.31
}
type ImagePathsType { thumbnail: String preview: String image: String }
type FindImagesResultType { count: Int! megapixels: Float! filesize: Float! images: [Image!]! }

type Gallery {
  id: ID! title: String code: String url: String urls: [String!]! date: String details: String photographer: String
  rating100: Int organized: Boolean! created_at: Time! updated_at: Time!
  files: [GalleryFile!]! folder: Folder scenes: [Scene!]! studio: Studio image_count: Int!
  tags: [Tag!]! performers: [Performer!]! cover: Image paths: GalleryPathsType!
  image(index: Int!): Image!
  custom_fields: Map! #>=0.31
}
type GalleryPathsType { cover: String! preview: String! }
type FindGalleriesResultType { count: Int! galleries: [Gallery!]! }

type Scene {
  id: ID! title: String code: String details: String director: String url: String urls: [String!]! date: String
  rating100: Int organized: Boolean! o_counter: Int created_at: Time! updated_at: Time!
  files: [VideoFile!]! paths: ScenePathsType! scene_markers: [SceneMarker!]! galleries: [Gallery!]!
  studio: Studio tags: [Tag!]! performers: [Performer!]! stash_ids: [StashID!]!
  sceneStreams: [SceneStreamEndpoint!]!
  custom_fields: Map! #>=0.31
}
type ScenePathsType {
  screenshot: String preview: String stream: String webp: String vtt: String sprite: String funscript: String
  interactive_heatmap: String caption: String
}
type SceneStreamEndpoint { url: String! mime_type: String label: String }
type FindScenesResultType { count: Int! duration: Float! filesize: Float! scenes: [Scene!]! }
type SceneMarker {
  id: ID! scene: Scene! title: String! seconds: Float! end_seconds: Float primary_tag: Tag! tags: [Tag!]!
  created_at: Time! updated_at: Time! stream: String! preview: String! screenshot: String!
}
type FindSceneMarkersResultType { count: Int! scene_markers: [SceneMarker!]! }

type Performer {
  id: ID! name: String! disambiguation: String url: String urls: [String!] gender: GenderEnum twitter: String
  instagram: String birthdate: String ethnicity: String country: String eye_color: String height_cm: Int
  measurements: String fake_tits: String penis_length: Float circumcised: CircumisedEnum career_length: String
  tattoos: String piercings: String alias_list: [String!]! favorite: Boolean! tags: [Tag!]!
  ignore_auto_tag: Boolean! image_path: String scene_count: Int! image_count: Int! gallery_count: Int!
  performer_count: Int! o_counter: Int scenes: [Scene!]! stash_ids: [StashID!]! rating100: Int details: String
  death_date: String hair_color: String weight: Int created_at: Time! updated_at: Time!
  custom_fields: Map!
}
type FindPerformersResultType { count: Int! performers: [Performer!]! }

type Tag {
  id: ID! name: String! sort_name: String description: String aliases: [String!]! ignore_auto_tag: Boolean!
  created_at: Time! updated_at: Time! favorite: Boolean!
  stash_ids: [StashID!]! #>=0.30
  image_path: String scene_count(depth: Int): Int! scene_marker_count(depth: Int): Int!
  image_count(depth: Int): Int! gallery_count(depth: Int): Int! performer_count(depth: Int): Int!
  parents: [Tag!]! children: [Tag!]! parent_count: Int! child_count: Int!
  custom_fields: Map! #>=0.31
}
type FindTagsResultType { count: Int! tags: [Tag!]! }

type Plugin {
  id: ID! name: String! description: String url: String version: String enabled: Boolean! tasks: [PluginTask!]
  hooks: [PluginHook!] settings: [PluginSetting!] requires: [ID!] paths: PluginPaths!
}
type PluginPaths { javascript: [String!] css: [String!] }
type PluginTask { name: String! description: String plugin: Plugin! }
type PluginHook { name: String! description: String hooks: [String!] plugin: Plugin! }
type PluginSetting { name: String! display_name: String description: String type: PluginSettingTypeEnum! }

type Job {
  id: ID! status: JobStatus! subTasks: [String!] description: String! progress: Float startTime: Time
  endTime: Time addTime: Time! error: String
}
enum JobStatusUpdateType { ADD REMOVE UPDATE }
type JobStatusUpdate { type: JobStatusUpdateType! job: Job! }
type LogEntry { time: Time! level: LogLevel! message: String! }
type Version { version: String hash: String! build_time: String! }
type SystemStatus {
  databaseSchema: Int databasePath: String configPath: String appSchema: Int! status: SystemStatusEnum!
  os: String! workingDir: String! homeDir: String! ffmpegPath: String ffprobePath: String
}
type StashConfig { path: String! excludeVideo: Boolean! excludeImage: Boolean! }
type StashBox { endpoint: String! api_key: String! name: String! }
type ScrapedPerformer { name: String disambiguation: String remote_site_id: String }
type ConfigGeneralResult {
  stashBoxes: [StashBox!]!
  stashes: [StashConfig!]! databasePath: String! generatedPath: String! metadataPath: String!
  configFilePath: String! scrapersPath: String! pluginsPath: String! cachePath: String! blobsPath: String!
  blobsStorage: BlobsStorageType! ffmpegPath: String! ffprobePath: String! pythonPath: String!
  parallelTasks: Int! videoFileNamingAlgorithm: HashAlgorithm! apiKey: String! username: String!
  password: String! maxSessionAge: Int! logFile: String logLevel: String! writeImageThumbnails: Boolean!
  videoExtensions: [String!]! imageExtensions: [String!]! galleryExtensions: [String!]!
  customPerformerImageLocation: String
  spriteScreenshotSize: Int! #>=0.31
  useCustomSpriteInterval: Boolean! #>=0.31
}
type ConfigResult { general: ConfigGeneralResult! ui: Map! plugins(include: [ID!]): PluginConfigMap! }
type SQLQueryResult { columns: [String!]! rows: [[Any]!]! }
"""
    )
    .replace("%FILE%", FILE_FIELDS)
    .replace("%BASIC%", _marked(FILE_FIELDS))
)
