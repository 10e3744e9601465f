// A second plugin that patches the same names badly: short argument lists, and a new element type at every render.
window.PluginApi.patch.before("ImageDetailPanel", function (props) {
  return [props];
});
window.PluginApi.patch.instead("ImageDetailPanel", function () {
  var args = Array.prototype.slice.call(arguments);
  return args.pop().apply(null, args);
});
window.PluginApi.patch.after("ImageDetailPanel", function () {
  var result = arguments[arguments.length - 1];
  return window.PluginApi.React.createElement("div", { className: "rude" }, result);
});
window.PluginApi.patch.before("PluginSettings", function (props) {
  return [props];
});
