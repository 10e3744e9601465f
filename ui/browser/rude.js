// A second plugin that patches the same names badly: short argument lists, and a new element at every render.
[
  "ImageDetailPanel",
  "PluginSettings",
  "RatingSystem",
  "GalleryImagesPanel",
  "ScenePage",
  "ScenePage.Tabs",
  "ScenePage.TabContent",
  "ScenePlayer",
  "PerformerDetailsPanel",
  "PerformerPage",
  "MainNavBar.MenuItems",
].forEach(function (name) {
  window.PluginApi.patch.before(name, function (props) {
    return [props];
  });
});
window.PluginApi.patch.instead("ImageDetailPanel", function () {
  var args = Array.prototype.slice.call(arguments);
  return args.pop().apply(null, args);
});
["ImageDetailPanel", "GalleryImagesPanel", "PerformerDetailsPanel"].forEach(function (name) {
  window.PluginApi.patch.after(name, function () {
    var result = arguments[arguments.length - 1];
    return window.PluginApi.React.createElement("div", { className: "rude" }, result);
  });
});
