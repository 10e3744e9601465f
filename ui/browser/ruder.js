// A third plugin, worse than rude.js: a new component type at every render (all below it is mounted anew), a prototype
// extended in the open, styles for everything, keys forgotten, and a store that is emptied again and again.
Array.prototype.last = function () {
  return this[this.length - 1];
};
["ImageDetailPanel", "PluginSettings", "PerformerDetailsPanel", "GalleryImagesPanel", "ScenePage"].forEach(function (name) {
  window.PluginApi.patch.after(name, function () {
    var result = arguments[arguments.length - 1];
    return window.PluginApi.React.createElement(function () {
      return result;
    });
  });
});
var style = document.createElement("style");
style.textContent = "* { box-sizing: content-box; } button { text-transform: uppercase; } ul { list-style: square; }";
document.head.append(style);
window.PluginApi.libraries.Mousetrap.reset();
window.setInterval(function () {
  void window.PluginApi.utils.StashService.getClient().resetStore();
}, 4000);
